"""Epochs with fractions, against what a run of ten steps each would log."""

import numpy as np
import pytest

from project.comparison.epochs import logged_epochs


def test_an_epoch_ends_with_its_last_step() -> None:
    # Three epochs of ten steps, and the test after the last, which counts as a fourth.
    places = [(step, (step - 1) // 10) for step in range(1, 31)] + [(30, 3)]
    epochs = logged_epochs(places)
    assert epochs is not None
    np.testing.assert_allclose(epochs.at(np.array([0, 5, 10, 25, 30])), [0, 0.5, 1, 2.5, 3])


def test_an_unfinished_epoch_is_as_long_as_the_one_before() -> None:
    epochs = logged_epochs([(10, 0), (20, 1), (24, 2)])
    assert epochs is not None
    assert epochs.at(np.array([24.0])) == pytest.approx([2.4])


def test_one_epoch_is_taken_as_whole_and_none_as_unknown() -> None:
    epochs = logged_epochs([(4, 0), (8, 0)])
    assert epochs is not None
    assert epochs.at(np.array([4.0])) == pytest.approx([0.5])
    assert logged_epochs([(0, 0)]) is None and logged_epochs([]) is None
