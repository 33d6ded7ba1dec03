"""MNIST: 70,000 handwritten digits, grey, 28 x 28, with an official test split of 10,000."""

from dataclasses import replace

from torchvision.datasets import MNIST

from project.data.official import official
from project.data.samples import Raw
from project.hyperparameters import Hyperparameters


def load(hparams: Hyperparameters) -> Raw:
    """The official splits, downloaded on first use.

    Source: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document
    recognition", Proceedings of the IEEE, 1998.

    Raises:
        OSError: the files are neither there nor could be downloaded.
        ValueError: the files are damaged.
    """
    return replace(official(MNIST, hparams), classes=tuple("0123456789"))
