"""Which trials of a sweep are the best, beside searches of all pairs."""

import math
from dataclasses import replace

import numpy as np
import pytest

from project.search.values import FAILED, PRUNED, Constraint, Objective
from project.search.verdict.ranking import best_so_far, choose, eligible, front
from tests.search.made_up import RULES, finished

TWO = replace(RULES, objectives=(Objective("val_accuracy", "max"), Objective("val_loss", "min")))


def test_the_best_come_first_and_of_equal_ones_the_earlier() -> None:
    trials = [finished(n, score) for n, score in enumerate((0.5, 0.9, 0.7, 0.9, 0.8))]
    assert choose(trials[::-1], RULES) == [1, 3, 4]
    least = replace(RULES, objectives=(Objective("val_loss", "min"),))
    assert choose(trials, least, 2) == [0, 2]
    assert best_so_far(trials[::-1], RULES) == [(0, 0.5), (1, 0.9)]
    assert best_so_far(trials, least) == [(0, 0.5)]


def test_trials_of_the_same_flags_are_one() -> None:
    twins = [finished(n, 0.9, values={"a": 1, "b": "x"}) for n in range(3)]
    assert choose([*twins, finished(3, 0.1)], RULES) == [0, 3]


def test_only_what_ended_well_and_keeps_the_constraints_can_win() -> None:
    rules = replace(RULES, constraints=(Constraint("parameters", "<=", 10.0),))
    measures = {"parameters": 10.0}
    trials = [
        finished(0, 0.9, measures={"parameters": 10.5}),
        finished(1, 0.9, measures={}),
        finished(2, 0.9, measures={"parameters": math.nan}),
        finished(3, 0.9, measures=measures, state=PRUNED),
        finished(4, measures=measures, state=FAILED),
        finished(5, math.nan, measures=measures),
        finished(6, math.inf, measures=measures),
        finished(7, 0.1, measures=measures),
    ]
    assert choose(trials, rules) == [7] and best_so_far(trials, rules) == [(7, 0.1)]
    assert choose(trials[:7], rules) == [] and choose([], rules) == []
    # Each operator at its bound.
    for operator, expected in {"<": [], "<=": [7], ">": [], ">=": [7]}.items():
        bound = replace(rules, constraints=(Constraint("parameters", operator, 10.0),))
        assert [trial.number for trial in eligible(trials[7:], bound)] == expected


@pytest.mark.parametrize("n_objectives", [2, 3])
def test_the_front_is_what_no_other_trial_beats(n_objectives: int) -> None:
    ways = [Objective("a", "max"), Objective("b", "min"), Objective("c", "max")][:n_objectives]
    # Few different values, so that many are equal in one.
    scores = np.random.default_rng(3).integers(0, 9, (200, n_objectives)).astype(float)
    gains = scores * [1 if way.better == "max" else -1 for way in ways]
    beaten = [any((gains >= one).all(1) & (gains > one).any(1)) for one in gains]
    found = front([finished(n, *row) for n, row in enumerate(scores.tolist())], ways)
    assert {t.number for t in found} == {n for n in range(200) if not beaten[n]}
    assert 1 < len(found) < 100


def test_of_a_front_those_come_first_that_are_near_the_best_of_each() -> None:
    scores = [(0.5, 1.0), (0.9, 2.0), (1.0, 5.0), (0.4, 4.0)]
    # The front is 0, 1, 2: from (1.0, 1.0), in extents of 0.5 and 4, they are 1, sqrt(.2^2 + .25^2)
    # = .32, and 1 away.
    trials = [finished(n, *pair) for n, pair in enumerate(scores)]
    assert choose(trials, TWO) == [1, 0, 2]
