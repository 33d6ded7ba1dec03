"""Handwritten digits of 8 x 8 pixels: 1,797 samples that scikit-learn brings along, no download."""

import numpy as np
import torch
from sklearn.datasets import load_digits

from project.data.samples import Raw, Resident
from project.hyperparameters import Hyperparameters

LEVELS = 16


def load(hparams: Hyperparameters) -> Raw:
    """All samples, without an official test split.

    The pixels' 17 levels 0..16 become uint8 as `round(level * 255 / 16)`, halves to the even
    number.
    Source: E. Alpaydin, C. Kaynak, "Optical Recognition of Handwritten Digits", UCI, 1998.
    """
    levels, targets = load_digits(return_X_y=True)
    images = np.rint(levels * (255 / LEVELS)).astype(np.uint8).reshape(-1, 1, 8, 8)
    samples = Resident(torch.from_numpy(images), torch.from_numpy(targets))
    return Raw(samples, None, tuple("0123456789"))
