"""Digits whose pixels stand in another order: for a net without convolutions, an equal task."""

import numpy as np
import torch

from project.data.samples import Raw, Resident
from project.datasets import digits
from project.hyperparameters import Hyperparameters


def load(hparams: Hyperparameters) -> Raw:
    """The digits, their 64 pixels in the order that the description's number draws."""
    raw = digits.load(hparams)
    order = np.random.default_rng(int(hparams.description)).permutation(64)
    images = raw.train.images.flatten(1)[:, torch.from_numpy(order)].reshape(-1, 1, 8, 8)
    return Raw(Resident(images, raw.train.targets.values), None, raw.classes)
