"""CIFAR-10: 60,000 photographs in 10 classes, RGB, 32 x 32, an official test split of 10,000."""

from torchvision.datasets import CIFAR10

from project.data.official import official
from project.data.samples import Raw
from project.hyperparameters import Hyperparameters


def load(hparams: Hyperparameters) -> Raw:
    """The official splits, downloaded on first use.

    Source: A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009.

    Raises:
        OSError: the files are neither there nor could be downloaded.
        ValueError: the files are damaged.
    """
    return official(CIFAR10, hparams)
