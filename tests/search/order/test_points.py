"""Grids and quasi-random sequences, and what a sampler learns of constraints."""

import pytest

from project.search.order.points import stepless
from project.search.order.sampling import Exhausted, capacity, propose
from project.search.space import Dimension, Space
from project.search.values import COMPLETE, Constraint, Plain, Trial
from tests.search.order.executor import rules, sweep

RATE = Dimension("learning_rate", "float", (), 1e-4, 1.0, True)
OPTIMIZER = Dimension("optimizer", "choice", ("adamw", "sgd"))
MOMENTUM = Dimension("momentum", "float", (), 0.8, 0.9, step=0.05, when="optimizer == sgd")


def values_of(space: Space, sampler: str, count: int, seed: int = 0) -> list[dict[str, Plain]]:
    known: list[Trial] = []
    for number in range(count):
        values = propose(space, rules(sampler, window=1, seed=seed), known, number, "sweep")
        known.append(Trial(number, values, COMPLETE, (0.0,)))
    return [dict(trial.values) for trial in known]


def test_a_grid_has_each_combination_once() -> None:
    space = Space((RATE, OPTIMIZER, MOMENTUM), ("momentum == 0.8 and learning_rate > 0.5",))
    # five rates, with adamw, and with sgd at three momenta; one of these is excluded
    count = 5 * (1 + 3) - 1
    assert capacity(space, rules("grid")) == count and stepless(space) == ["learning_rate"]
    found = values_of(space, "grid", count)
    assert len({tuple(each.items()) for each in found}) == count
    rates = sorted({each["learning_rate"] for each in found})
    assert rates == pytest.approx([1e-4, 1e-3, 1e-2, 1e-1, 1.0])
    assert {each.get("momentum") for each in found} == {None, 0.8, 0.85, 0.9}
    assert values_of(space, "grid", count, seed=1) != found
    trials = [Trial(i, each, COMPLETE, (0.0,)) for i, each in enumerate(found)]
    with pytest.raises(Exhausted, match="^all 19 combinations of the grid are tried$"):
        propose(space, rules("grid", window=1), trials, count, "sweep")


def test_a_grid_that_is_too_large_is_told() -> None:
    each = [Dimension(f"flag_{i}", "int", (), 1, 5) for i in range(20)]
    with pytest.raises(ValueError, match="^the grid has more than 100000 combinations"):
        capacity(Space(tuple(each)), rules("grid"))
    assert capacity(Space(tuple(each)), rules("tpe")) is None


def test_a_sobol_sequence_fills_each_part_once() -> None:
    dropout = Dimension("dropout", "float", (), 0.0, 0.5)
    found = values_of(Space((RATE, dropout)), "qmc", 16)
    for name, least, most in (("dropout", 0.0, 0.5),):
        parts = [int((each[name] - least) / (most - least) * 16) for each in found]
        assert sorted(parts) == list(range(16))
    # what is excluded is passed over, and the others keep their order
    excluding = values_of(Space((RATE, dropout), ("dropout > 0.25",)), "qmc", 8)
    assert excluding == [each for each in found if each["dropout"] <= 0.25]


def test_combinations_are_not_tried_again_while_there_are_others() -> None:
    space = Space((OPTIMIZER, Dimension("depth", "choice", (1, 2, 3, 4, 5, 6))))
    for sampler in ("random", "tpe"):
        found = values_of(space, sampler, 12)
        assert len({tuple(each.items()) for each in found}) == 12
        assert len(values_of(space, sampler, 14)) == 14


def test_of_a_space_without_a_choice_there_is_one_trial_again_and_again() -> None:
    space = Space((Dimension("depth", "choice", (2,)), Dimension("dropout", "float", (), 0.1, 0.1)))
    for sampler in ("random", "tpe", "qmc"):
        assert values_of(space, sampler, 12) == [{"depth": 2, "dropout": 0.1}] * 12
    assert capacity(space, rules("grid")) == 1


def test_ranges_that_optuna_has_not_are_learned_by_position() -> None:
    """A normal one, and one with steps on a logarithmic scale: the best is at their ends."""
    weight = Dimension("weight_decay", "float", (), 0.0, 1.0, mean=0.5, spread=0.1)
    rate = Dimension("learning_rate", "float", (), 0.01, 1.0, log=True, step=0.01)
    known: list[Trial] = []
    for number in range(50):
        of = rules("tpe", window=1, constraints=())
        values = propose(Space((weight, rate)), of, known, number, "sweep")
        score = values["weight_decay"] - values["learning_rate"]
        known.append(Trial(number, values, COMPLETE, (score,)))
    late = [trial.values for trial in known[25:]]
    assert sum(each["weight_decay"] > 0.5 for each in late) >= 18
    assert sum(each["learning_rate"] < 0.1 for each in late) >= 18
    assert all(round(each["learning_rate"] * 100, 9).is_integer() for each in late)


def test_tpe_learns_which_trials_keep_a_constraint() -> None:
    """Of 241 sizes, 64 keep it: by chance, 8 of 30 would."""
    of = rules("tpe", window=1, constraints=(Constraint("parameters", "<", 8000),))
    kept = [values["hidden_dim"] < 80 for _, values, _ in sweep(of, 60)]
    assert sum(kept[-30:]) >= 20
