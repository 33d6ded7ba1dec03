"""Verdicts over seeds: beside SciPy's intervals, and how often they err on simulated runs."""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pytest
from scipy import stats

from project.comparison.verdict import Setting, Verdict, verdict
from project.comparison.verdict_text import interval, mean_text, sentence

FEW = (0.71, 0.74, 0.69)
MANY = (0.82, 0.80, 0.86)
Draw = Callable[[np.random.Generator, tuple[int, int]], np.ndarray]


def judged(
    first: Sequence[float] | Mapping[int, float],
    second: Sequence[float] | Mapping[int, float],
    way: str | None = "max",
    confidence: float = 0.95,
) -> Verdict:
    """A and B; seeds count from 0 where they are not given."""
    one, two = (dict(v) if isinstance(v, Mapping) else dict(enumerate(v)) for v in (first, second))
    return verdict(Setting("A", one), Setting("B", two), way, confidence)


@pytest.mark.parametrize("confidence", [0.95, 0.975])
def test_shared_seeds_are_paired_as_by_scipy(confidence: float) -> None:
    told = judged(FEW, MANY, confidence=confidence)
    expected = stats.ttest_rel(MANY, FEW).confidence_interval(confidence)
    assert (told.kind, told.seeds, told.better) == ("paired", (0, 1, 2), None)
    assert told.mean == pytest.approx(np.mean(MANY) - np.mean(FEW))
    assert (told.low, told.high) == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize("confidence", [0.95, 0.975])
@pytest.mark.parametrize("seeds", [(3, 4, 5), (2, 3, 4)])  # one in common makes no pairs
def test_other_seeds_get_welchs_interval_as_by_scipy(
    confidence: float, seeds: tuple[int, ...]
) -> None:
    told = judged(FEW, dict(zip(seeds, MANY, strict=True)), confidence=confidence)
    test = stats.ttest_ind(MANY, FEW, equal_var=False)
    expected = test.confidence_interval(confidence)
    assert (told.kind, told.better) == ("welch", "B" if test.pvalue < 1 - confidence else None)
    assert (told.low, told.high) == pytest.approx((expected.low, expected.high))


def test_few_shared_seeds_of_many_are_not_all_that_counts() -> None:
    shared = {seed: 0.5 + 0.01 * (seed % 3) for seed in range(2, 7)}
    # 2 of 4, then 2 of 5 are in common.
    assert judged([0.5, 0.4, 0.45, 0.42], shared).kind == "paired"
    fewer = {seed + 1: value for seed, value in shared.items()}
    assert judged([0.5, 0.4, 0.45, 0.42, 0.41], fewer).kind == "welch"


@pytest.mark.parametrize(
    "way, text, better",
    [
        ("max", "B above A by 0.115, 95 % [0.069, 0.161], 4 seeds: B is better", "B"),
        ("min", "A below B by 0.115, 95 % [0.069, 0.161], 4 seeds: A is better", "A"),
        (None, "B above A by 0.115, 95 % [0.069, 0.161], 4 seeds: they differ", None),
    ],
)
def test_the_leader_is_told_by_the_scores_own_direction(
    way: str | None, text: str, better: str | None
) -> None:
    # Differences .11 .08 .15 .12: their mean is .115, their deviation .0289;
    # Student's t for 3 degrees is 3.1824, so half the width is 3.1824 * .0289 / 2 = .046.
    told = judged((0.71, 0.74, 0.69, 0.7), (0.82, 0.82, 0.84, 0.82), way)
    assert sentence(told) == text and told.better == better
    # Whoever comes first.
    swapped = verdict(told.second, told.first, way)
    assert swapped.better == better
    assert sentence(swapped) == sentence(told) or way is None


@pytest.mark.parametrize(
    "first, second, text",
    [
        ([0.5], [0.6], "B above A by 0.1, one seed each: can't tell; add --seeds 1 2"),
        ({7: 0.6}, {3: 0.5}, "A above B by 0.1, one seed each: can't tell; add --seeds 0 1"),
        (FEW, {1: 0.5}, "A above B by 0.213, B has one seed: can't tell; add --seeds 0 2"),
        ([0.5], [0.5], "A and B are the same, one seed each: can't tell; add --seeds 1 2"),
        (FEW, FEW, "A and B are the same in each of 3 seeds"),
        ([0.5, 0.5], {2: 0.5, 3: 0.5}, "A and B are the same with every seed"),
        # Steps of 0.01, of which float32 makes 0.0100000203 and 0.0099999905.
        (
            np.float32([0.71, 0.74]).tolist(),
            np.float32([0.72, 0.75]).tolist(),
            "B above A by 0.01 in each of 2 seeds: that has no spread, can't tell",
        ),
        (FEW, [], "no finished run of B has it: can't tell"),
        (FEW, [0.5, math.nan, 0.6], "B has nan with seed 1: can't tell"),
        ([1e308, -1e308], [1e308, 1.5e308], "too large to compute with: can't tell"),
        (
            FEW,
            {5: 0.71, 6: 0.7},
            "A above B by 0.008, 95 % [-0.048, 0.064],"
            " 3 and 2 seeds, none shared (Welch): no difference shown",
        ),
        (
            [*FEW, 0.7],
            MANY,
            "B above A by 0.11, 95 % [-0.02, 0.25], the 3 seeds that both have:"
            " no difference shown",
        ),
    ],
)
def test_what_is_said(
    first: Sequence[float] | Mapping[int, float],
    second: Sequence[float] | Mapping[int, float],
    text: str,
) -> None:
    told = judged(first, second)
    assert sentence(told) == text and told.better is None


def test_numbers_have_the_digits_that_the_spread_leaves() -> None:
    assert mean_text(0.95123, 0.0042) == "0.9512 ± 0.0042"
    assert [mean_text(v, None) for v in (0.95, 123456.0, 1e-9)] == ["0.9500", "1.235e+05", "1e-09"]
    assert mean_text(0.5, 0.0) == "0.5 ± 0" and mean_text(math.nan, math.nan) == "nan"
    # An end that lies on one side of 0 is seen to.
    assert interval(0.08, 0.0004, 0.1596) == "+0.0800 [0.0004, 0.1596]"
    assert interval(-2e20, -3e20, -1e20) == "-2e+20 [-3e+20, -1e+20]"


def normal(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    return rng.normal(size=shape)


def skewed(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    return rng.exponential(size=shape)


def accuracy(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Of 40 samples: in steps, so that differences are often the same."""
    return rng.binomial(40, 0.9, shape) / 40


def rate(draw: Draw, n: int, paired: bool, gap: float = 0.0) -> float:
    """In how many of 1,000 pairs of settings one is called better; seeds share half of the noise.

    Args:
        draw: values of equal settings.
        n: seeds of each.
        paired: whether they are the same.
        gap: what the second has more.
    """
    rng = np.random.default_rng(20)
    first, second = draw(rng, (1000, n)), draw(rng, (1000, n)) + gap
    if paired and draw is normal:
        split = draw(rng, (1000, n))  # what the seed alone decides: sd 1, as what is left
        first, second = first + split, second + split
    shift = 0 if paired else n
    told = [
        judged(dict(enumerate(one)), {shift + i: v for i, v in enumerate(two)}).better
        for one, two in zip(first.tolist(), second.tolist(), strict=True)
    ]
    return sum(better is not None for better in told) / 1000


@pytest.mark.parametrize(
    "draw, n, paired",
    [
        *((normal, 2, True), (normal, 3, True), (normal, 5, True), (normal, 5, False)),
        *((skewed, 5, False), (accuracy, 2, True), (accuracy, 5, True)),
    ],
)
def test_of_equal_settings_one_is_rarely_called_better(draw: Draw, n: int, paired: bool) -> None:
    # 5 %, and of 1,000 pairs two standard errors more: 2 sqrt(.05 .95 / 1000) = 1.4 %.
    assert rate(draw, n, paired) <= 0.065


def test_a_gap_of_two_standard_deviations_is_found_with_five_seeds() -> None:
    """Of the differences, which is what pairs are judged by: expected in 90.9 % of cases."""
    gap, critical = 2 * math.sqrt(2), stats.t.ppf(0.975, 4)  # two scores of sd 1 differ by sd 1.41
    beyond = stats.nct.sf(critical, 4, 2 * math.sqrt(5))
    found = rate(normal, 5, paired=True, gap=gap)
    assert found >= 0.8
    assert found == pytest.approx(beyond, abs=0.03)


def test_without_shared_seeds_that_gap_is_found_nearly_as_often_as_can_be() -> None:
    """Of single runs: Student's test, the best there is at 5 %, finds it in 79.1 % of cases."""
    best = stats.nct.sf(stats.t.ppf(0.975, 8), 8, 2 * math.sqrt(5 / 2))
    found = rate(normal, 5, paired=False, gap=2.0)
    assert best - 0.06 <= found <= best + 0.03
