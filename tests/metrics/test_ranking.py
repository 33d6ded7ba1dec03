"""ROC AUC and average precision from histograms lie within their stated bound of the exact ones."""

from itertools import product

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score, roc_auc_score

from project.metrics._histograms import Bins, Histograms
from project.metrics._predictions import Predictions
from project.metrics.ranking import Ranking, average_precision, roc_auc

EXACT = {"roc_auc": roc_auc_score, "average_precision": average_precision_score}


def log_odds(logits: np.ndarray) -> np.ndarray:
    """Float64 log-odds of each class's probability, the others summed without it."""
    columns = range(logits.shape[1])
    others = [np.logaddexp.reduce(np.delete(logits, k, 1), axis=1) for k in columns]
    return logits - np.stack(others, 1)


def streamed(samples, seed: int = 0) -> dict:
    metric = Ranking(samples.logits.shape[1])
    for logits, targets in samples.batches(seed):
        metric.update(logits, targets)
    return metric.compute()


def assert_within_bound(samples, scores: dict) -> None:
    # Rounded to 13 digits, so that what is equal in exact arithmetic is also equal here.
    exact_scores = log_odds(samples.logits.double().numpy())
    exact_scores = np.array([[float(f"{x:.12e}") for x in row] for row in exact_scores])
    targets = samples.targets.numpy()
    occurs = [k for k in range(exact_scores.shape[1]) if 0 < (targets == k).sum() < len(targets)]
    for name, function in EXACT.items():
        each = [function(targets == k, exact_scores[:, k]) for k in occurs]
        assert np.isnan(np.delete(scores[f"{name}_per_class"], occurs)).all()
        bound = scores[f"{name}_error_bound"] + 1e-12
        assert abs(scores[name] - np.mean(each)) <= bound
        # The macro bound is the mean of the classes' bounds.
        distances = np.abs(scores[f"{name}_per_class"][occurs] - each)
        assert (distances <= bound * len(occurs)).all()


DISTRIBUTIONS = {
    "as drawn": lambda z: z,
    "nearly uniform": lambda z: z * 1e-4,
    "confident": lambda z: z * 10,
    "saturated": lambda z: z * 300,
    "exploded": lambda z: z * 1e6,
    "far from zero": lambda z: z + 1000,
    "heavy tails": lambda z: z**5,
    "many ties": lambda z: z.round(),
    "all tied": lambda z: z * 0,
    "bfloat16": lambda z: z.bfloat16().float(),
    "one bin": lambda z: 20 + z * 1e-3,
}
SHAPED = ("as drawn", "saturated")


# Every shape with two of them, every one of them with three classes.
PAIRS = [(3, (1,), name) for name in DISTRIBUTIONS]
PAIRS += [(*shape, name) for shape in [(2, ()), (10, (0, 5)), (30, ())] for name in SHAPED]


@pytest.mark.parametrize("n_classes, absent, name", PAIRS)
def test_exact_values_lie_within_the_bound(n_classes, absent, name, draw):
    samples = draw(400, n_classes, seed=11, absent=absent)
    samples = samples._replace(logits=DISTRIBUTIONS[name](samples.logits))
    assert_within_bound(samples, streamed(samples))


def test_bfloat16_logits_are_ranked_as_the_numbers_they_are(draw):
    samples = draw(500, 10, seed=2)
    samples = samples._replace(logits=samples.logits.bfloat16())
    assert_within_bound(samples, streamed(samples))


@pytest.mark.parametrize("scale", [1e-4, 1.0, 300.0])
def test_the_bound_is_tight_for_ten_classes(scale, draw):
    samples = draw(3000, 10, seed=4)
    scores = streamed(samples._replace(logits=samples.logits * scale))
    assert scores["roc_auc_error_bound"] < 1e-4
    assert scores["average_precision_error_bound"] < 1e-3


def test_float32_softmax_that_saturates_would_lie_outside_the_bound(draw):
    samples = draw(2000, 10, seed=6)
    samples = samples._replace(logits=samples.logits * 300)
    scores, targets = streamed(samples), samples.targets.numpy()
    saturated = samples.logits.softmax(1).numpy()
    each = [roc_auc_score(targets == k, saturated[:, k]) for k in range(10)]
    assert abs(np.mean(each) - scores["roc_auc"]) > 100 * scores["roc_auc_error_bound"]
    assert_within_bound(samples, scores)


def test_four_samples_by_hand():
    # Class 1 against 0 by logit difference: + 3, - 2, + 1, - 0 (+ is a sample of class 1).
    logits = torch.tensor([[0, 3.0], [0, 2], [0, 1], [0, 0]])
    metric = Ranking(2)
    metric.update(logits, torch.tensor([1, 0, 1, 0]))
    scores = metric.compute()
    # Of the four pairs of + and -, only (1, 2) is ranked wrongly.
    assert scores["roc_auc"] == 3 / 4 and scores["roc_auc_per_class"].tolist() == [3 / 4] * 2
    # Precision at the positives: 1/1 and 2/3, for both classes.
    assert scores["average_precision"] == pytest.approx((1 + 2 / 3) / 2)
    assert scores["roc_auc_error_bound"] == 0
    assert scores["average_precision_error_bound"] == pytest.approx(0, abs=1e-12)


def test_nothing_is_defined_where_all_samples_are_of_one_class():
    metric = Ranking(3)
    metric.update(torch.eye(3), torch.tensor([1, 1, 1]))
    for value in metric.compute().values():
        assert np.isnan(value).all()


def of_one_class(positives, negatives):
    """The bins of one class, given from the lowest score."""
    return Bins(positives[::-1], negatives[::-1], np.array([0]))


@pytest.mark.parametrize("seed", range(20))
def test_bins_give_scikit_learns_scores_of_tied_samples(seed):
    rng = np.random.default_rng(seed)
    both = rng.integers(0, 4, 30), rng.integers(0, 9, 30)
    score = np.concatenate([np.repeat(np.arange(30), counts) for counts in both])
    target = np.repeat([1, 0], [counts.sum() for counts in both])
    for function, exact in [(roc_auc, roc_auc_score), (average_precision, average_precision_score)]:
        value, _ = function(of_one_class(*both))
        assert value == pytest.approx(exact(target, score), abs=1e-14)


def test_bins_of_each_class_count_for_it_alone():
    rng = np.random.default_rng(0)
    classes = [(rng.integers(0, 4, n), rng.integers(0, 9, n)) for n in (5, 1, 30)]
    each = [of_one_class(*both) for both in classes]
    joined = (np.concatenate([getattr(bins, name) for bins in each]) for name in Bins._fields[:2])
    together = Bins(*joined, np.array([0, 5, 6]))
    for function in (roc_auc, average_precision):
        for found, alone in zip(function(together), zip(*map(function, each), strict=True)):
            assert found == pytest.approx(np.concatenate(alone), abs=1e-14)


@pytest.mark.parametrize("above", ["", "-", "-+-"])
@pytest.mark.parametrize("inside", ["+-", "++-", "+--", "+++"])
def test_the_bound_is_the_largest_distance_over_all_orders_within_a_bin(above, inside):
    # One negative below the bin, some samples in bins of their own above it, and all orders of the
    # bin's samples, ties included: all functions from samples to places.
    ranked = ["-", inside, *above]
    bins = of_one_class(*(np.array([samples.count(sign) for samples in ranked]) for sign in "+-"))
    target = [sign == "+" for samples in ranked for sign in samples]
    n_inside = len(inside)
    orders = [
        [-1, *places, *range(n_inside, n_inside + len(above))]
        for places in product(range(n_inside), repeat=n_inside)
    ]
    for function, exact in [(roc_auc, roc_auc_score), (average_precision, average_precision_score)]:
        [value], [bound] = function(bins)
        farthest = max(abs(exact(target, order) - value) for order in orders)
        assert farthest == pytest.approx(bound, abs=1e-12)


@pytest.mark.parametrize("n_classes", [2, 10, 1000])
def test_bins_never_reverse_an_order(n_classes):
    histograms = Histograms(n_classes)
    rng = np.random.default_rng(0)
    # All magnitudes of float64 from 1e-60 to 1e60, both signs, and what has no magnitude.
    values = np.concatenate([10.0 ** rng.uniform(-60, 60, 5000), rng.normal(size=5000) * 10, [0]])
    values = np.sort(np.concatenate([-values, values, [-np.inf, np.inf]]))
    bins = histograms.bins(torch.from_numpy(values)).numpy()
    assert (np.diff(bins) >= 0).all()
    assert 0 <= bins.min() and bins.max() < histograms.n_bins


def test_what_is_zero_but_for_rounding_shares_a_bin():
    values = torch.tensor([-1e-13, -0.0, 0.0, 1e-13], dtype=torch.float64)
    assert Histograms(2).bins(values).unique().numel() == 1
    # All classes alike: the log-odds of each of 10 is -log(9), whatever way it is computed.
    metric = Ranking(10)
    metric.update(torch.ones(20, 10), torch.arange(20) % 10)
    bins = metric.source.read()
    assert (bins.positives + bins.negatives).tolist() == [20] * 10
    assert metric.compute()["roc_auc"] == 0.5


def test_bins_are_as_fine_as_documented():
    # 9 bits of the mantissa: 512 bins from one power of two to the next.
    values = torch.linspace(4, 8, 100_001, dtype=torch.float64)[:-1]
    assert Histograms(2).bins(values).unique().numel() == 512
    # 1000 classes: 5 bits; log(999) is added to the log-odds.
    assert Histograms(1000).bins(values - np.log(999)).unique().numel() in (32, 33)


@pytest.mark.parametrize("n_classes", [2, 10, 1000])
def test_bins_are_the_same_from_a_list_and_from_tables(n_classes):
    torch.manual_seed(0)
    listed, counted = Histograms(n_classes), Histograms(n_classes)
    for n in (3, 1, 100):
        batch = Predictions(torch.randn(n, n_classes).round(), torch.randint(n_classes, (n,)))
        listed.update(batch)
        counted.update(batch)
        counted.settle()
    assert counted.sums["samples"].sum() == 104 * n_classes and not listed.sums["samples"].any()
    for ours, theirs in zip(listed.read(), counted.read(), strict=True):
        assert ours.tolist() == theirs.tolist()
    for histograms in (listed, counted):
        histograms.reset()
        histograms.update(batch)
        assert histograms.read().positives.sum() == 100


def test_the_list_does_not_grow_without_end():
    metric, logits = Ranking(10), torch.randn(1000, 10)
    for _ in range(5):
        metric.update(logits, logits.argmax(1))
    # Of 655,360 cells the list may hold a 32nd, 20,480: the third batch is too much.
    assert metric.source.sums["samples"].sum() == 5 * 1000 * 10
    assert metric.compute()["roc_auc"] > 0.5
