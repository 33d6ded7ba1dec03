"""Segmentation's scores are scikit-learn's of all pixels but the ignored ones, to the last bit."""

import copy
import warnings
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from scipy.special import softmax, xlogy
from sklearn import metrics as sklearn_metrics
from torch import Tensor

from project import values
from project.metrics import (
    Collection,
    Confusion,
    Metric,
    Pixels,
    collected,
    families,
    mean_ious,
)
from project.metrics._pixels import IGNORED

Picture = tuple[Tensor, Tensor]
CERTAINTY = {"calibration_error", "uce", "mean_entropy"}
TABLES = {"calibration_bins", "uncertainty_bins"}


def pictures(n_classes: int, seed: int, n: int = 9) -> list[Picture]:
    """Logits `(1, n_classes, H, W)` and targets `(1, H, W)` of many sizes.

    Some classes occur nowhere, in the targets alone, or in the predictions alone.
    """
    rng = np.random.default_rng(seed)
    true, found = (rng.permutation(n_classes)[: rng.integers(1, n_classes + 1)] for _ in range(2))
    drawn = []
    for _ in range(n):
        size = tuple(rng.integers(1, 12, 2))
        targets, logits = rng.choice(true, size), rng.normal(size=(n_classes, *size)).round(1)
        preds = np.where(rng.random(size) < rng.random(), targets, rng.choice(found, size))
        preds = np.where(np.isin(preds, found), preds, found[0])
        np.put_along_axis(logits, preds[None], 9 * rng.random((1, *size)), 0)
        targets = np.where(rng.random(size) < 0.2, IGNORED, targets)
        drawn.append((torch.tensor(logits[None], dtype=torch.float32), torch.tensor(targets[None])))
    return drawn


def flat(drawn: list[Picture]) -> tuple[np.ndarray, np.ndarray]:
    """Logits `(n, n_classes)` float64 and targets `(n,)` of the pixels that count."""
    logits = np.concatenate([z[0].flatten(1).T.double().numpy() for z, _ in drawn])
    targets = np.concatenate([t.flatten().numpy() for _, t in drawn])
    return logits[targets != IGNORED], targets[targets != IGNORED]


def expected(drawn: list[Picture], n_classes: int) -> dict[str, object]:
    """One call of scikit-learn's for each score."""
    logits, t = flat(drawn)
    p = logits.argmax(1)
    there = np.union1d(t, p)

    def spread(each: np.ndarray) -> np.ndarray:
        every = np.full(n_classes, np.nan)
        every[there] = each
        return every

    def score(function: object, average: str | None, **options: int) -> object:
        found = function(t, p, labels=there, average=average, **options)
        return spread(found) if average is None else found

    scores = {
        "pixel_accuracy": sklearn_metrics.accuracy_score(t, p),
        "cohen_kappa": sklearn_metrics.cohen_kappa_score(t, p),
        "confusion_matrix": sklearn_metrics.confusion_matrix(t, p, labels=range(n_classes)),
        "iou": score(sklearn_metrics.jaccard_score, None),
        "mean_iou": score(sklearn_metrics.jaccard_score, "macro"),
        "frequency_weighted_iou": score(sklearn_metrics.jaccard_score, "weighted"),
        "dice": score(sklearn_metrics.f1_score, None),
        "mean_dice": score(sklearn_metrics.f1_score, "macro"),
    }
    for name in ("precision", "recall", "f1"):
        function = getattr(sklearn_metrics, f"{name}_score")
        scores[name] = score(function, None, zero_division=0)
        for average in ("macro", "weighted"):
            scores[f"{name}_{average}"] = score(function, average, zero_division=0)
    return scores


def by_numpy(drawn: list[Picture]) -> dict[str, float]:
    """Scores of certainty of all pixels, by a float64 softmax."""
    logits, t = flat(drawn)
    probs = softmax(logits, 1)
    right, confidence = logits.argmax(1) == t, probs.max(1)
    entropy = -xlogy(probs, probs).sum(1) / np.log(logits.shape[1])

    def gap(said: np.ndarray, true: np.ndarray, n_bins: int) -> float:
        bins = np.digitize(said, np.linspace(0, 1, n_bins + 1)[1:-1], right=True)
        inside = [bins == k for k in range(n_bins) if (bins == k).any()]
        return sum(b.mean() * abs(true[b].mean() - said[b].mean()) for b in inside)

    gaps = gap(confidence, right, 15), gap(entropy, ~right, 10)
    return {"calibration_error": gaps[0], "uce": gaps[1], "mean_entropy": entropy.mean()}


def updated(batches: Iterator[Picture] | list[Picture], n_classes: int) -> Collection:
    metrics = collected("segmentation", n_classes)
    for batch in batches:
        metrics.update(*batch)
    return metrics


def assert_scores(found: dict[str, object], reference: dict[str, object], what: object) -> None:
    for name, value in reference.items():
        np.testing.assert_array_equal(found[name], value, err_msg=f"{name} {what}")


@pytest.mark.parametrize("seed", range(16))
def test_whichever_classes_occur_in_pictures_of_many_sizes(seed: int) -> None:
    n_classes = (2, 3, 5, 21)[seed % 4]
    drawn = pictures(n_classes, seed)
    found = updated(drawn, n_classes).compute()
    with warnings.catch_warnings():
        # Where there is one class alone.
        warnings.simplefilter("ignore")
        reference = expected(drawn, n_classes)
    assert found.keys() == reference.keys() | CERTAINTY | TABLES
    assert_scores(found, reference, seed)
    for name, value in by_numpy(drawn).items():
        assert found[name] == pytest.approx(value, abs=1e-6), name


@pytest.mark.parametrize("size", [1, 3, 32])
@pytest.mark.parametrize("form", [torch.contiguous_format, torch.channels_last])
def test_batches_of_any_size_and_memory_format(size: int, form: torch.memory_format) -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(32, 4, 6, 5, generator=generator)
    targets = torch.randint(0, 4, (32, 6, 5), generator=generator)
    targets[0] = targets[:, 0] = IGNORED
    whole = updated([(logits, targets)], 4).compute()
    before = logits.clone()
    batches = zip(logits.contiguous(memory_format=form).split(size), targets.split(size))
    found = updated(batches, 4).compute()
    assert torch.equal(logits, before)
    floats = CERTAINTY | TABLES
    assert_scores(found, {k: v for k, v in whole.items() if k not in floats}, size)
    for name in floats:
        np.testing.assert_allclose(found[name], whole[name], atol=1e-6, err_msg=name)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_any_floating_type_and_classes_ruled_out(dtype: torch.dtype) -> None:
    [(logits, targets)] = pictures(5, 3, n=1)
    ruled_out = logits.to(dtype)
    ruled_out[:, 4] = -torch.inf
    wide = ruled_out.float().requires_grad_()
    found, reference = (updated([(z, targets)], 5).compute() for z in (ruled_out, wide))
    for name, value in reference.items():
        np.testing.assert_allclose(found[name], value, atol=1e-6, err_msg=name)
    assert np.isfinite(found["mean_entropy"]) and wide.grad is None


def test_a_picture_by_hand() -> None:
    # Of the five pixels that count, classes 0 0 1 1 1 are predicted as 0 1 1 1 2; 3 is nowhere.
    targets = torch.tensor([[[0, 0, 1], [1, 1, IGNORED]]])
    preds = torch.tensor([[[0, 1, 1], [1, 2, 3]]])
    logits = torch.nn.functional.one_hot(preds, 4).permute(0, 3, 1, 2).float()
    found = updated([(logits, targets)], 4).compute()
    np.testing.assert_array_equal(found["iou"], [1 / 2, 2 / 4, 0, np.nan])
    assert found["mean_iou"] == (1 / 2 + 2 / 4 + 0) / 3
    assert found["frequency_weighted_iou"] == pytest.approx(2 / 5 * 1 / 2 + 3 / 5 * 2 / 4)
    np.testing.assert_array_equal(found["dice"], [2 / 3, 4 / 6, 0, np.nan])
    assert found["pixel_accuracy"] == 3 / 5
    assert mean_ious(preds, targets, 4).tolist() == pytest.approx([found["mean_iou"]])


def test_the_iou_of_each_picture_is_scikit_learns() -> None:
    generator = torch.Generator().manual_seed(1)
    logits = torch.randn(20, 6, 4, 5, generator=generator)
    targets = torch.randint(0, 3, (20, 4, 5), generator=generator)
    targets[torch.rand(20, 4, 5, generator=generator) < 0.3] = IGNORED
    targets[7] = IGNORED
    found = mean_ious(logits.argmax(1), targets, 6).tolist()
    assert np.isnan(found.pop(7))
    each = [flat([one]) for one in zip(logits.split(1), targets.split(1))]
    reference = [
        sklearn_metrics.jaccard_score(t, z.argmax(1), average="macro") for z, t in each if len(t)
    ]
    assert found == pytest.approx(reference, abs=1e-6)


def test_what_cannot_be_scored_is_told_in_a_line() -> None:
    logits, targets = torch.randn(2, 3, 4, 5), torch.zeros(2, 4, 5, dtype=torch.int64)
    metrics = collected("segmentation", 3)
    with pytest.raises(ValueError, match="^no samples: .*empty"):
        metrics.compute()
    metrics.update(logits, torch.full_like(targets, IGNORED))
    with pytest.raises(ValueError, match=r"^all 40 pixels are ignored \(masks are 255\)"):
        metrics.compute()
    bad = targets.clone()
    bad[0, 0, :3] = torch.tensor([3, -1, 254])
    for family in families("segmentation"):
        metric = family(3)
        metric.update(logits, bad)
        with pytest.raises(ValueError, match=r"^the targets of 3 of 40 pixels lie outside 0\.\.2"):
            metric.compute()
        metric.reset()
        for value in (torch.nan, torch.inf):
            diverged = logits.clone()
            diverged[1, 2, 3, 3] = value
            metric.update(diverged, targets)
        with pytest.raises(ValueError, match="^the logits of 2 of 80 pixels are NaN or infinite"):
            metric.compute()
    for wrong, reason in [
        ((logits[:, :2], targets), "2 columns, the metric has n_classes=3"),
        ((logits[0], targets), r"shape \(3, 4, 5\)"),
        ((logits, targets[:, :3]), r"they must be \(2, 4, 5\) and torch.int64"),
        ((logits, targets.byte()), "torch.uint8"),
        ((logits.long(), targets), "floating"),
    ]:
        with pytest.raises(ValueError, match=reason):
            metrics.update(*wrong)


def test_scores_are_declared_documented_and_better_where_predictions_are() -> None:
    targets = torch.arange(4).repeat(6, 8, 2)
    right, wrong = (torch.eye(4)[(targets + k) % 4].permute(0, 3, 1, 2) * 8 for k in (0, 1))
    for family in families("segmentation"):
        good, bad = family(4), family(4)
        good.update(right, targets)
        bad.update(wrong, targets)
        scores, others = good.compute(), bad.compute()
        declared = good.declared()
        assert good.tells()
        told = {name: score.of_classes for name, score in declared.items()}
        assert told == {n: np.ndim(v) == 1 for n, v in scores.items() if np.ndim(v) < 2}, family
        assert set(family.tables) == {n for n, v in scores.items() if np.ndim(v) == 2}
        for name in scores:
            parts = [name, *(f"<name>_{name.split('_')[-1]}",)]
            assert any(f"`{part}`" in family.__doc__ for part in parts), (family, name)
        for name, (better, _) in declared.items():
            if better is not None:
                less, more = (scores, others) if better == "min" else (others, scores)
                assert np.all(less[name] < more[name]), name


def test_a_metric_of_other_outputs_is_refused() -> None:
    class Own(Metric):
        tasks = ("segmentation",)
        state = Confusion

    with pytest.raises(
        ValueError, match="'own' takes no outputs of segmentation: derive it from P"
    ):
        collected("segmentation", 3, {"own": Own})


def test_the_state_is_small_waits_for_nothing_and_keeps_its_precision() -> None:
    metrics = collected("segmentation", 150)
    assert sum(s.nbytes for a in metrics.accumulators for s in a.sums.values()) < 2**18
    assert [type(a).__name__ for a in metrics.accumulators].count("PixelConfusion") == 1
    # A meta tensor has no values: whatever reads one back raises.
    meta = copy.deepcopy(metrics).to("meta")
    meta.update(torch.empty(2, 150, 8, 8, device="meta"), torch.empty(2, 8, 8).long().to("meta"))
    [(logits, targets)] = pictures(150, 0, n=1)
    with torch.inference_mode():
        metrics.update(logits, targets)
    before = metrics.compute()
    torch.nn.Sequential(metrics).half()
    metrics.reduce()
    assert_scores(metrics.compute(), before, "half")
    metrics.reset()
    metrics.update(logits, targets)
    assert_scores(metrics.compute(), before, "reset")


def test_ignored_pixels_have_the_same_value_everywhere() -> None:
    assert IGNORED == values.IGNORED
    logits = torch.zeros(1, 2, 3, 3)
    assert Pixels(logits, torch.full((1, 3, 3), values.IGNORED)).ignored.all()
