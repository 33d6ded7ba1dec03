"""Runs that several files of tests predict with: one worker trains each once."""

import pytest

from tests.inference.runs import Reference, reference

QUICK = ["--max-steps", "3", "--batch-size", "100", "--width", "8", "--hidden-dim", "16"]


@pytest.fixture(scope="session")
def cnn(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    return reference(tmp_path_factory.mktemp("cnn"), *QUICK)


@pytest.fixture(scope="session")
def unet(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    """Of masks, at sizes that no halving divides; windows are smaller than some pictures."""
    flags = ["--data", "digits-segmentation", "--model", "unet", "--window", "32"]
    return reference(tmp_path_factory.mktemp("unet"), *QUICK, *flags, "--limit-batches", "1")
