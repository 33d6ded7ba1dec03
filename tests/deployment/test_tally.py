"""Changed decisions, near ties, differences of probabilities and of accuracy are counted right."""

import math

import numpy as np
import pytest

from project.deployment.accuracy import NORMAL_95, Drop
from project.deployment.recorded import Counted
from project.deployment.tally import Tally


def answers(*rows: list[float]) -> tuple[np.ndarray, np.ndarray]:
    probs = np.array(rows, np.float32)
    return probs, probs.argmax(1)


def test_a_change_between_equals_is_a_near_tie() -> None:
    tally = Tally(1)
    # The second is decided otherwise where 0.5 and 0.4999997 are as good, the third is not.
    model = answers([0.9, 0.1], [0.5, 0.4999997], [0.6, 0.4])
    file = answers([0.8, 0.2], [0.4999997, 0.5], [0.3, 0.7])
    tally.add(model, file)
    assert (tally.images, tally.decisions, tally.changed) == (3, 3, 2)
    assert (tally.near_ties, tally.wrong) == (1, 1)
    assert tally.largest == pytest.approx(0.3)


def test_of_masks_each_pixel_is_a_decision() -> None:
    tally = Tally(1)
    probs = np.full((1, 2, 2, 3), 0.5, np.float32)
    probs[:, 0] += 0.25
    probs[:, 1] -= 0.25
    other = probs.copy()
    other[0, :, 1, 2] = other[0, ::-1, 1, 2]
    tally.add((probs, probs.argmax(1)), (other, other.argmax(1)))
    assert (tally.images, tally.decisions, tally.changed, tally.wrong) == (1, 6, 1, 1)


def test_what_is_no_number_or_of_another_shape_is_no_equal() -> None:
    tally = Tally(1)
    tally.add(answers([0.9, 0.1]), answers([math.nan, 0.1]))
    assert tally.largest == math.inf
    with pytest.raises(RuntimeError, match=r"it gave \(1, 3\) and \(1,\), not \(1, 2\) and \(1,\)"):
        tally.add(answers([0.9, 0.1]), answers([0.8, 0.1, 0.1]))


def test_the_drop_of_accuracy_and_its_interval() -> None:
    """80 samples right by both, 10 by the model alone, 3 by the file alone, 7 by none."""
    targets = np.zeros(100, np.int64)
    before = np.repeat([0, 0, 1, 1], [80, 10, 3, 7])
    after = np.repeat([0, 1, 0, 1], [80, 10, 3, 7])
    drop = Drop()
    for part in (slice(0, 33), slice(33, 100)):
        drop.add(targets[part], before[part], after[part])
    assert drop.accuracies == (0.9, 0.83) and drop.value == pytest.approx(0.07)
    assert (drop.n, drop.changed) == (100, 13)
    # Agresti and Min (2005), equation 2, of 10.5 and 3.5 of 102.
    b, c, n = 10.5, 3.5, 102
    middle, spread = (b - c) / n, math.sqrt((b + c) - (b - c) ** 2 / n) / n
    expected = middle - NORMAL_95 * spread, middle + NORMAL_95 * spread
    assert drop.interval == pytest.approx(expected)


def test_of_masks_a_sample_is_its_share_of_right_pixels_without_ignored_ones() -> None:
    targets = np.array([[[0, 1], [255, 255]], [[255, 255], [255, 255]]])
    drop = Drop()
    drop.add(targets, np.zeros((2, 2, 2), int), np.ones((2, 2, 2), int))
    assert drop.n == 1 and drop.accuracies == (0.5, 0.5) and drop.changed == 2


def test_decisions_are_counted_by_what_is_true() -> None:
    counted = Counted(3)
    counted.add(np.array([0, 2, 2]), np.array([0, 1, 2]), np.array([7, 3, 5]))
    assert counted.matrix.tolist() == [[1, 0, 0], [0, 0, 0], [0, 1, 1]]
    assert counted.of_samples == {7: 0, 3: 1, 5: 2}
    masks = Counted(2)
    masks.add(np.array([[[0, 255], [1, 1]]]), np.array([[[0, 1], [1, 0]]]), np.array([0]))
    assert masks.matrix.tolist() == [[1, 0], [1, 1]] and masks.of_samples == {}
