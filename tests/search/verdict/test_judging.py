"""Verdicts of sweeps beside SciPy's tests and sums made by hand."""

import math
from collections.abc import Mapping

import numpy as np
import pytest
from scipy import stats

from project.search.values import FAILED, RUNNING, Constraint, Objective, Rules
from project.search.verdict.confirmation import scores_of, verdicts, winner
from project.search.verdict.judging import DEFAULT, Verdict, verdict
from project.search.verdict.pooling import half_pooled
from tests.search.made_up import RULES, finished

BASE = (0.90, 0.92, 0.91, 0.88, 0.90)
GOOD = (0.95, 0.96, 0.94, 0.95, 0.93)


def judged(better: str = "max", **rows: tuple[float, ...]) -> Verdict:
    """`d` is the default, `t7` trial 7; seeds count from 0."""
    arms = {DEFAULT if name == "d" else int(name[1:]): v for name, v in rows.items()}
    return verdict({arm: dict(enumerate(values)) for arm, values in arms.items()}, better)


@pytest.mark.parametrize("better", ["max", "min"])
def test_one_trial_is_judged_by_the_paired_test_of_scipy(better: str) -> None:
    sign = 1 if better == "max" else -1
    (told,) = judged(better, d=BASE, t7=GOOD).comparisons
    # A gain is positive where the trial is better, whichever way that is.
    test = stats.ttest_rel(sign * np.array(GOOD), sign * np.array(BASE), alternative="greater")
    ends = stats.ttest_rel(sign * np.array(GOOD), sign * np.array(BASE)).confidence_interval(0.9)
    assert (told.arm, told.p) == (7, pytest.approx(test.pvalue))
    assert (told.low, told.high) == pytest.approx((ends.low, ends.high))
    assert told.gain == pytest.approx(sign * 0.044)
    assert (told.is_better, told.is_worse) == ((better == "max"), (better == "min"))


def test_variances_are_drawn_half_way_to_each_other() -> None:
    # Deviations (-1, 0, 1) and (-3, 0, 3) have variances 1 and 9, whose mean is 5.
    rows = [[4.0, 5.0, 6.0], [-3.0, 0.0, 3.0]]
    variances, freedom = half_pooled(rows)
    assert variances == pytest.approx([(1 + 5) / 2, (9 + 5) / 2])
    # One is three times the other: together they have the 2 degrees of freedom of each.
    assert freedom == pytest.approx(2)
    assert half_pooled(rows[1:]) == ([9.0], 2)


def test_degrees_of_freedom_are_those_of_the_covariance() -> None:
    """Of trials whose differences share the default's runs: C has 1 beside 1/2.

    tr(C)^2 / tr(C^2) = 3^2 / (3 * 1 + 6 * 1/4) = 2, of which half, and half of 1, is 1.5.
    """
    noise = np.random.default_rng(0).normal(size=(40, 4, 400))
    found = [half_pooled((runs[1:] - runs[0]).tolist())[1] / 399 for runs in noise]
    assert 1 <= min(found) and max(found) <= (1 + 3) / 2
    assert np.mean(found) == pytest.approx(1.5, abs=0.02)


def test_chances_go_up_by_holms_steps() -> None:
    told = judged(d=BASE, t3=GOOD, t9=(0.93, 0.93, 0.92, 0.93, 0.91), t4=(0.9, 0.93, 0.9, 0.9, 0.9))
    rows = np.array([GOOD, (0.93, 0.93, 0.92, 0.93, 0.91), (0.9, 0.93, 0.9, 0.9, 0.9)]) - BASE
    own = rows.var(1, ddof=1)
    _, freedom = half_pooled(rows.tolist())
    off = np.sqrt((own + own.mean()) / 2 / 5)
    chances = stats.t.sf(rows.mean(1) / off, freedom)
    # The least is multiplied by three, the next by two, the last by one.
    assert [c.arm for c in told.comparisons] == [3, 9, 4]
    assert [c.p for c in told.comparisons] == pytest.approx(chances * [3, 2, 1])
    assert [c.is_better for c in told.comparisons] == (chances * [3, 2, 1] <= 0.05).tolist()
    half = stats.t.ppf(1 - 0.05 / 3, freedom) * off
    for each, low, high in zip(told.comparisons, rows.mean(1) - half, rows.mean(1) + half):
        assert (each.low, each.high) == pytest.approx((low, high))
    assert told.winner == 3


def test_the_winner_has_the_best_mean_whatever_the_sweep_thought() -> None:
    better = tuple(score + 0.01 for score in GOOD)
    assert judged(d=BASE, t3=GOOD, t9=better).winner == 9
    assert judged("min", d=GOOD, t3=BASE, t9=BASE).winner == 3
    assert judged(d=GOOD, t3=BASE).winner is None


@pytest.mark.parametrize(
    "rows, whys",
    [
        ({"d": BASE}, {}),
        ({"d": (), "t1": GOOD}, {1: "no seed that all have"}),
        ({"d": (0.9,), "t1": (0.95,)}, {1: "one seed: can't tell"}),
        ({"d": BASE, "t1": (), "t2": GOOD}, {1: "not run yet", 2: ""}),
        (
            {"d": BASE, "t1": BASE, "t2": GOOD},
            {1: "the same as the default with every seed", 2: ""},
        ),
        ({"d": BASE, "t1": (0.9, math.nan, 0.8)}, {1: "no score with seed 1"}),
        ({"d": BASE, "t1": (math.inf, math.nan)}, {1: "no score with seeds 0 1"}),
        # Another's run that failed says nothing of this one.
        *(
            ({"t1": (lost, *BASE[1:]), "t2": GOOD, "d": BASE}, {1: "no score with seed 0", 2: ""})
            for lost in (math.nan, math.inf)
        ),
        # 3/8 and 1/2 are exact, so that the difference never varies.
        (
            {"d": (0.375, 0.375), "t1": (0.5, 0.5)},
            {1: "the same difference with every seed: that has no spread, can't tell"},
        ),
    ],
)
def test_what_cannot_be_judged_is_not_called_better(
    rows: Mapping[str, tuple[float, ...]], whys: Mapping[int, str]
) -> None:
    told = judged(**rows)
    assert {each.arm: each.why for each in told.comparisons} == whys
    assert all(each.is_better == (not each.why) for each in told.comparisons)
    assert all((each.p is None) == bool(each.why) for each in told.comparisons)


def test_a_twin_of_the_default_makes_the_others_look_no_steadier() -> None:
    alone = judged(d=BASE, t1=GOOD, t2=()).comparisons[0]
    beside = judged(d=BASE, t1=GOOD, t2=BASE).comparisons[0]
    # Two are compared, so that the chance is doubled, but the variance is the trial's own.
    assert beside == alone
    assert alone.p == pytest.approx(2 * stats.ttest_rel(GOOD, BASE, alternative="greater").pvalue)


def test_seeds_that_have_not_ended_are_left_out_and_those_that_failed_are_not() -> None:
    jobs = [
        (finished(i, score), {"arm": arm, "seed": seed})
        for i, (arm, seed, score) in enumerate(
            (arm, seed, score)
            for arm, scores in ((DEFAULT, BASE), (3, GOOD), (5, GOOD))
            for seed, score in enumerate(scores)
        )
    ]
    jobs[4] = (finished(4, state=RUNNING), jobs[4][1])
    (told,) = verdicts(jobs, RULES)
    assert told.seeds == (0, 1, 2, 3) and told.winner == 3
    jobs[7] = (finished(7, state=FAILED), jobs[7][1])
    (told,) = verdicts(jobs, RULES)
    assert told.comparisons[0].why == "no score with seed 2" and told.winner == 5
    assert verdicts([], RULES)[0].comparisons == () and winner(verdicts([], RULES)) is None


def test_a_run_that_breaks_a_constraint_counts_as_failed_but_for_the_default() -> None:
    rules = Rules(
        "tpe", "none", 0, 1, 1, RULES.objectives, (Constraint("parameters", "<", 1000.0),)
    )
    many, few = {"parameters": 2000.0}, {"parameters": 999.0}
    jobs = [
        (finished(0, 0.9, measures=many), {"arm": DEFAULT, "seed": 1}),
        (finished(1, 0.9, measures=many), {"arm": 2, "seed": 1}),
        (finished(2, 0.9, measures=few), {"arm": 2, "seed": 2}),
    ]
    (scores,) = scores_of(jobs, rules)
    assert scores[DEFAULT] == {1: 0.9} and math.isnan(scores[2][1]) and scores[2][2] == 0.9


def test_of_several_objectives_a_winner_is_worse_in_none() -> None:
    rules = Rules(
        *("tpe", "none", 0, 1, 1), (Objective("val_accuracy", "max"), Objective("val_loss", "min"))
    )
    bad = tuple(1 - score for score in BASE)
    good = tuple(1 - score for score in GOOD)
    rows = {
        DEFAULT: (BASE, bad),
        4: (GOOD, tuple(score + 0.4 for score in bad)),  # better in one, worse in the other
        9: (GOOD, tuple(score + 0.001 * (i % 2) for i, score in enumerate(bad))),
        2: (GOOD, good),
    }
    jobs = [
        (finished(seed, *pair), {"arm": arm, "seed": seed})
        for arm, scores in rows.items()
        for seed, pair in enumerate(zip(*scores, strict=True))
    ]
    found = verdicts(jobs, rules)
    assert [told.error for told in found] == [0.025, 0.025]
    assert [[each.is_better for each in told.comparisons] for told in found] == [
        [True, True, True],
        [False, False, True],
    ]
    assert found[1].comparisons[0].is_worse and not found[1].comparisons[1].is_worse
    assert winner(found) == 2
    # Without the one that is better in both, the one that is worse in neither.
    assert winner(verdicts([job for job in jobs if job[1]["arm"] != 2], rules)) == 9
