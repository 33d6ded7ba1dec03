"""A data set loaded before a fork is found by those flags alone that its loading has read."""

import pytest

from project import data
from project.data import beforehand
from project.hyperparameters import Hyperparameters


@pytest.fixture(autouse=True)
def forgotten():
    yield
    beforehand.forget()


def test_flags_that_loading_does_not_read_may_be_others() -> None:
    first = Hyperparameters(data="synthetic", synthetic_samples=40)
    beforehand.keep(first, data.load)
    kept = beforehand.find(first.replace(learning_rate=0.5, seed=0))
    assert kept is not None and len(kept.train) == 40
    assert beforehand.find(first.replace(synthetic_samples=41)) is None
    assert beforehand.find(first.replace(data="digits")) is None
    again = data.prepare(first.replace(learning_rate=0.5))
    assert again.train.samples is kept.train


def test_what_a_method_reads_counts_as_all_flags() -> None:
    first = Hyperparameters()

    def load(hparams: Hyperparameters):
        assert isinstance(hparams, Hyperparameters) and hparams.to_values()
        return data.load(first)

    beforehand.keep(first, load)
    assert beforehand.find(Hyperparameters()) is not None
    assert beforehand.find(Hyperparameters(learning_rate=0.5)) is None
