"""Fashion-MNIST: 70,000 articles of clothing, grey, 28 x 28, an official test split of 10,000."""

from torchvision.datasets import FashionMNIST

from project.data.official import official
from project.data.samples import Raw
from project.hyperparameters import Hyperparameters


def load(hparams: Hyperparameters) -> Raw:
    """The official splits, downloaded on first use.

    Source: H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST: a Novel Image Dataset for Benchmarking
    Machine Learning Algorithms", arXiv:1708.07747, 2017.

    Raises:
        OSError: the files are neither there nor could be downloaded.
        ValueError: the files are damaged.
    """
    return official(FashionMNIST, hparams)
