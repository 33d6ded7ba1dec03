"""Scores from counts are, bit for bit, scikit-learn's on all samples at once."""

import math
import warnings

import numpy as np
import pytest
import torch
from sklearn import metrics as sklearn_metrics

from project.metrics.accuracy import Accuracy
from project.metrics.balanced_accuracy import BalancedAccuracy
from project.metrics.cohen_kappa import CohenKappa
from project.metrics.confusion_matrix import ConfusionMatrix
from project.metrics.matthews import Matthews
from project.metrics.precision_recall_f1 import PrecisionRecallF1

FAMILIES = (Accuracy, BalancedAccuracy, CohenKappa, ConfusionMatrix, Matthews, PrecisionRecallF1)


def reference(targets: np.ndarray, preds: np.ndarray, n_classes: int) -> dict:
    labels = range(n_classes)
    expected = {
        "accuracy": sklearn_metrics.accuracy_score(targets, preds),
        "cohen_kappa": sklearn_metrics.cohen_kappa_score(targets, preds),
        "matthews": sklearn_metrics.matthews_corrcoef(targets, preds),
        "confusion_matrix": sklearn_metrics.confusion_matrix(targets, preds, labels=labels),
    }
    with warnings.catch_warnings():
        # It warns where a class that does not occur is predicted, and leaves that class out.
        warnings.simplefilter("ignore")
        expected["balanced_accuracy"] = sklearn_metrics.balanced_accuracy_score(targets, preds)
    for name in ("precision", "recall", "f1"):
        function = getattr(sklearn_metrics, f"{name}_score")
        for average, key in [
            (None, name),
            ("macro", f"{name}_macro"),
            ("weighted", f"{name}_weighted"),
        ]:
            expected[key] = function(
                targets, preds, labels=labels, average=average, zero_division=0
            )
    return expected


def streamed(samples, n_classes: int, seed: int) -> dict:
    scores = {}
    for family in FAMILIES:
        metric = family(n_classes)
        for logits, targets in samples.batches(seed):
            metric.update(logits, targets)
        scores |= metric.compute()
    return scores


@pytest.mark.parametrize(
    "n, n_classes, skill, absent",
    [
        (1000, 2, 0.0, ()),
        (1000, 2, 5.0, ()),
        (37, 3, 1.0, ()),
        (997, 10, 1.5, ()),
        (997, 10, 1.5, (0, 4, 9)),
        (997, 10, 1.5, (1, 2, 3, 4, 5, 6, 7, 8, 9)),
        (2000, 100, 3.0, ()),
        (1500, 100, 60.0, tuple(range(50, 100))),
    ],
)
@pytest.mark.parametrize("seed", range(3))
def test_equal_to_scikit_learn_bit_for_bit(n, n_classes, skill, absent, seed, draw):
    samples = draw(n, n_classes, seed, skill, absent)
    scores = streamed(samples, n_classes, seed)
    expected = reference(samples.targets.numpy(), samples.preds, n_classes)
    assert scores.keys() == expected.keys()
    for name in expected:
        np.testing.assert_array_equal(scores[name], expected[name], err_msg=name)


def test_all_of_one_class_and_right_is_perfect_and_beyond_chance_undefined(draw):
    samples = draw(50, 4, skill=1e6, absent=(0, 2, 3))
    scores = streamed(samples, 4, 0)
    assert scores["accuracy"] == scores["balanced_accuracy"] == scores["recall_weighted"] == 1
    # Three of four classes have neither samples nor predictions: 0 / 0 is 0 for them.
    assert scores["recall_macro"] == scores["f1_macro"] == 1 / 4
    assert math.isnan(scores["cohen_kappa"]) and scores["matthews"] == 0


def test_ten_samples_by_hand():
    # Class 0: 3 of 4 right; class 1: 4 of 5; class 2: 0 of 1, its sample taken for 1.
    targets = torch.tensor([0, 0, 0, 0, 1, 1, 1, 1, 1, 2])
    preds = torch.tensor([0, 0, 0, 1, 1, 1, 1, 1, 0, 1])
    metrics = [family(3) for family in FAMILIES]
    scores = {}
    for metric in metrics:
        metric.update(torch.nn.functional.one_hot(preds, 3).float(), targets)
        scores |= metric.compute()
    assert scores["confusion_matrix"].tolist() == [[3, 1, 0], [1, 4, 0], [0, 1, 0]]
    assert scores["accuracy"] == (3 + 4 + 0) / 10
    assert scores["balanced_accuracy"] == pytest.approx((3 / 4 + 4 / 5 + 0) / 3)
    assert scores["precision"].tolist() == [3 / 4, 4 / 6, 0]
    assert scores["recall"].tolist() == [3 / 4, 4 / 5, 0]
    assert scores["recall_weighted"] == pytest.approx((4 * 3 / 4 + 5 * 4 / 5 + 1 * 0) / 10)
    # Chance agrees in sum(row * column) / n^2 of samples.
    chance = (4 * 4 + 5 * 6 + 1 * 0) / 100
    assert scores["cohen_kappa"] == pytest.approx((0.7 - chance) / (1 - chance))


def test_equal_logits_are_taken_for_the_first_of_their_classes():
    metric = ConfusionMatrix(3)
    metric.update(torch.tensor([[1.0, 2, 2], [0, 0, 0]]), torch.tensor([2, 2]))
    assert metric.compute()["confusion_matrix"].tolist() == [[0, 0, 0], [0, 0, 0], [1, 1, 0]]


def test_what_waits_to_be_counted_does_not_grow_without_end():
    metric = ConfusionMatrix(2)
    logits, targets = torch.tensor([[1.0, 0]]), torch.tensor([0])
    for _ in range(1000):
        metric.update(logits, targets)
    # A batch of one sample counts for 33 of 16,384: the 497th makes room again.
    assert metric.source.sums["samples"] == 2 * 497
    assert metric.compute()["confusion_matrix"].tolist() == [[1000, 0], [0, 0]]


def test_counts_are_exact_where_float32_is_not():
    metric = ConfusionMatrix(2)
    metric.source.sums["counts"].copy_(torch.tensor([2**24, 0, 0, 0]))
    metric.update(torch.tensor([[1.0, 0]]), torch.tensor([0]))
    assert metric.compute()["confusion_matrix"][0, 0] == 2**24 + 1
