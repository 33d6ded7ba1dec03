"""Scores of probabilities are scikit-learn's on float64 probabilities of all samples at once."""

import numpy as np
import pytest
import torch
from scipy.special import xlogy
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, log_loss, top_k_accuracy_score

from project.metrics._predictions import Predictions
from project.metrics.brier import Brier
from project.metrics.calibration_error import CalibrationError
from project.metrics.log_loss import LogLoss
from project.metrics.top_k import TopKAccuracy
from project.metrics.uncertainty import Uncertainty

SCALES = [1e-3, 1.0, 20.0, 1e3, 1e30]


def streamed(metric, samples, seed: int = 0) -> dict:
    for logits, targets in samples.batches(seed):
        metric.update(logits, targets)
    return metric.compute()


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("n_classes", [2, 3, 10, 50])
def test_log_loss_and_brier_are_scikit_learns(n_classes, scale, draw):
    samples = draw(500, n_classes, seed=n_classes, absent=(1,) if n_classes > 2 else ())
    samples = samples._replace(logits=samples.logits * scale)
    targets, labels = samples.targets.numpy(), list(range(n_classes))
    expected = log_loss(targets, samples.probs, labels=labels)
    assert streamed(LogLoss(n_classes), samples)["log_loss"] == pytest.approx(expected, rel=1e-12)
    expected = brier_score_loss(targets, samples.probs, labels=labels)
    assert streamed(Brier(n_classes), samples)["brier"] == pytest.approx(expected, abs=1e-12)


def test_two_samples_by_hand():
    logits = torch.tensor([[0.7, 0.2, 0.1], [0.3, 0.6, 0.1]]).double().log()
    targets = torch.tensor([0, 2])
    log_loss_, brier, calibration = LogLoss(3), Brier(3), CalibrationError(3)
    for metric in (log_loss_, brier, calibration):
        metric.update(logits, targets)
    assert log_loss_.compute()["log_loss"] == pytest.approx(-(np.log(0.7) + np.log(0.1)) / 2)
    first, second = 0.3**2 + 0.2**2 + 0.1**2, 0.3**2 + 0.6**2 + 0.9**2
    assert brier.compute()["brier"] == pytest.approx((first + second) / 2)
    # Confidence 0.7 and right, 0.6 and wrong; 0.7 lies in bin 10 of 15, 0.6 in bin 8 or 9.
    error = abs(1 - 0.7) * 1 / 2 + abs(0 - 0.6) * 1 / 2
    assert calibration.compute()["calibration_error"] == pytest.approx(error)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("n_classes", [2, 3, 10])
def test_calibration_bins_are_those_of_scikit_learns_curve(n_classes, scale, draw):
    samples = draw(800, n_classes, seed=3)
    samples = samples._replace(logits=samples.logits * scale)
    confidence, right = samples.probs.max(1), samples.preds == samples.targets.numpy()
    scores = streamed(CalibrationError(n_classes), samples)
    counts, mean_confidence, accuracy = scores["calibration_bins"].T
    used = counts > 0
    expected = calibration_curve(right, confidence, n_bins=15, pos_label=True)
    np.testing.assert_allclose(accuracy[used], expected[0], atol=1e-12)
    np.testing.assert_allclose(mean_confidence[used], expected[1], atol=1e-12)
    assert counts.sum() == 800 and np.isnan(accuracy[~used]).all()
    gaps = np.abs(expected[0] - expected[1])
    assert scores["calibration_error"] == pytest.approx(gaps @ counts[used] / 800, abs=1e-12)


def uce_by_numpy(probs: np.ndarray, wrong: np.ndarray) -> tuple[float, np.ndarray]:
    """Sum |B| / n |error(B) - mean H(B)| over 10 bins (lo, hi] of the entropy H of all samples."""
    entropy = -xlogy(probs, probs).sum(1) / np.log(probs.shape[1])
    edges, uce = np.linspace(0, 1, 11), 0.0
    for low, high in zip(edges, edges[1:]):
        inside = (entropy > low if low else entropy >= 0) & (entropy <= high)
        if low == edges[-2]:
            inside = entropy > low  # rounded, it may be above 1
        if inside.any():
            uce += inside.mean() * abs(wrong[inside].mean() - entropy[inside].mean())
    return uce, entropy


@pytest.mark.parametrize("scale", [0.0, *SCALES])
@pytest.mark.parametrize("n_classes", [2, 3, 10])
def test_uce_and_entropy_are_numpys(n_classes, scale, draw):
    samples = draw(900, n_classes, seed=8)
    samples = samples._replace(logits=samples.logits * scale)
    expected, entropy = uce_by_numpy(samples.probs, samples.preds != samples.targets.numpy())
    for seed in (0, 1):
        scores = streamed(Uncertainty(n_classes), samples, seed)
        assert scores["uce"] == pytest.approx(expected, abs=1e-12)
        assert scores["mean_entropy"] == pytest.approx(entropy.mean(), abs=1e-12)
        counts, means, _ = scores["uncertainty_bins"].T
        assert counts.sum() == 900 and np.nansum(counts * means) == pytest.approx(entropy.sum())


def test_uncertainty_of_three_samples_by_hand():
    metric, half = Uncertainty(4), np.log([0.5, 0.5, 1e-300, 1e-300])
    metric.update(torch.tensor(np.stack([half, half, np.zeros(4)])), torch.tensor([0, 2, 0]))
    # H is ln 2 / ln 4 = 0.5 twice, of which one is wrong, and 1, which is right.
    scores = metric.compute()
    assert scores["uce"] == pytest.approx(2 / 3 * abs(1 / 2 - 0.5) + 1 / 3 * abs(0 - 1))
    assert scores["mean_entropy"] == pytest.approx((0.5 + 0.5 + 1) / 3)


@pytest.mark.parametrize("n_classes", [6, 10, 100])
@pytest.mark.parametrize("rounded", [False, True])
def test_top_k_is_scikit_learns_ties_included(n_classes, rounded, draw):
    samples = draw(600, n_classes, seed=5, absent=(0,))
    if rounded:
        samples = samples._replace(logits=samples.logits.round())
    for k in (1, 2, 5):
        expected = top_k_accuracy_score(
            samples.targets.numpy(), samples.logits.numpy(), k=k, labels=range(n_classes)
        )
        assert streamed(TopKAccuracy(n_classes, k), samples)[f"top{k}_accuracy"] == expected


def test_top_k_of_at_most_k_classes_is_left_out(draw):
    assert streamed(TopKAccuracy(5), draw(20, 5)) == {}
    assert streamed(TopKAccuracy(6), draw(20, 6)).keys() == {"top5_accuracy"}


@pytest.mark.parametrize("scale", [0.0, *SCALES])
@pytest.mark.parametrize("n_classes", [2, 5])
def test_the_softmax_is_exact_in_all_three_forms(n_classes, scale, draw):
    samples = draw(200, n_classes, seed=7)
    logits = samples.logits.double() * scale
    batch = Predictions(logits, samples.targets)
    np.testing.assert_allclose(batch.log_probs, logits.log_softmax(1), rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(batch.probs, logits.softmax(1), rtol=1e-13, atol=1e-300)
    z = logits.numpy()
    others = [np.logaddexp.reduce(np.delete(z, k, 1), axis=1) for k in range(n_classes)]
    # The reference subtracts numbers of the logits' size, and is as exact as they are.
    atol = 1e-15 * max(1, np.abs(z).max())
    np.testing.assert_allclose(batch.log_odds, z - np.stack(others, 1), rtol=1e-13, atol=atol)


def test_log_odds_keep_the_order_where_probabilities_saturate():
    # The softmax of all three is exactly (1, 0) in float64; their log-odds are the differences.
    logits = torch.tensor([[800.0, 0], [900.0, 0], [1e6, 0]])
    batch = Predictions(logits, torch.tensor([0, 0, 0]))
    assert batch.probs.tolist() == [[1, 0]] * 3
    assert batch.log_odds.tolist() == [[800, -800], [900, -900], [1e6, -1e6]]
