"""Conformal sets beside plain loops, and how often they hold the true class."""

import math

import numpy as np
import pytest
from scipy.stats import betabinom

from project.calibration.coverage import allowed, found_sets, measured
from project.inference.conformal import rank, scores, sets, threshold

RNG = np.random.default_rng(0)
PROBS = RNG.dirichlet(np.ones(5), 40)


def test_scores_are_those_of_plain_loops() -> None:
    lac, aps = (scores(PROBS, method) for method in ("lac", "aps"))
    for p, one, other in zip(PROBS, lac, aps, strict=True):
        for cls in range(5):
            assert one[cls] == 1 - p[cls]
            assert other[cls] == pytest.approx(sum(q for q in p if q >= p[cls]), abs=1e-12)


def test_the_threshold_is_the_kth_smallest() -> None:
    own = np.array([0.3, 0.1, 0.9, 0.5, 0.7, 0.2, 0.4, 0.6, 0.8])
    # ceil(10 * 0.8) = 8 of 9, and ceil(10 * 0.9) = 9 of 9; with 0.95 there would be a tenth.
    assert [threshold(own, c) for c in (0.8, 0.9, 0.95)] == [0.8, 0.9, math.inf]
    # (29 + 1) * 0.9 is 27.000000000000004 in floats.
    assert rank(29, 0.9) == 27 and rank(9, 0.9) == 9


@pytest.mark.parametrize("method", ["lac", "aps"])
def test_coverage_is_beta_binomial(method: str) -> None:
    """Of 400 splits of exchangeable samples: mean and spread of how many are covered."""
    n, m, coverage, trials = 49, 60, 0.9, 400
    rng = np.random.default_rng(1)
    hits = []
    for _ in range(trials):
        logits = rng.normal(size=(n + m, 4))
        targets = rng.integers(0, 4, n + m)
        logits[np.arange(n + m), targets] += 1
        probs = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
        kinds = found_sets(probs[:n], targets[:n], coverage, False)
        kind = next(each for each in kinds if each.method == method)
        inside = sets(probs[n:], method, kind.thresholds)
        hits.append(inside[np.arange(m), targets[n:]].sum())
    law = betabinom(m, math.ceil(50 * 0.9), n + 1 - math.ceil(50 * 0.9))
    off = np.mean(hits) - law.mean()
    assert off > -4 * law.std() / math.sqrt(trials)
    if method == "aps":  # the least probable classes of all samples are tied: more are covered
        return
    assert off < 4 * law.std() / math.sqrt(trials)
    assert np.std(hits) == pytest.approx(law.std(), rel=0.2)
    low, high = allowed(n, m, coverage)
    within = np.mean([low * m <= hit <= high * m for hit in hits])
    assert within > 0.92


def test_each_class_has_a_threshold_of_its_own() -> None:
    targets = np.repeat(np.arange(5), [20, 15, 3, 1, 1])
    lac, _ = found_sets(PROBS, targets, 0.75, True)
    own = np.sort(1 - PROBS[:20, 0])
    assert lac.thresholds[0] == own[math.ceil(21 * 0.75) - 1]
    assert np.isinf(lac.thresholds[3:]).all()  # of one sample nothing can be told
    told = measured(lac, PROBS, targets, None)
    assert told["allowed"] is None and told["each"][3] == 1.0 and told["covered"] >= 0.75
    assert told["mean_size"] == pytest.approx(((1 - PROBS) <= lac.thresholds).sum(1).mean())
