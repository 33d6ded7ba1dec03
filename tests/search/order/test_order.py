"""Who finishes first, and how many workers there are, changes no trial of a sweep."""

import math
import subprocess
import sys
from pathlib import Path

import optuna
import pytest

from project.search.order.pruning import Pruner
from project.search.order.sampling import propose
from project.search.values import COMPLETE, FAILED, PRUNED, Objective, Trial
from tests.search.order.executor import (
    ACCURACY,
    EPOCHS,
    SMALL,
    SPACE,
    carried_out,
    curve,
    rules,
    sweep,
)

ROOT = Path(__file__).parents[3]
PARAMETERS = Objective("parameters", "min")


@pytest.mark.parametrize("pruner", ["none", "median", "hyperband"])
def test_five_sweeps_with_one_two_and_four_workers_are_one_sequence(pruner: str) -> None:
    of = rules("tpe", pruner)
    expected = sweep(of, 30)
    states = {state for state, _, _ in expected}
    assert states == ({COMPLETE} if pruner == "none" else {COMPLETE, PRUNED})
    # the space has a condition and an exclusion, the rules a constraint, that some do not keep
    assert {"momentum" in values for _, values, _ in expected} == {True, False}
    assert {values["hidden_dim"] < 200 for _, values, _ in expected} == {True, False}
    assert all(SPACE.allows(values) for _, values, _ in expected)
    for seed, workers in enumerate((1, 2, 2, 4, 4), 1):
        assert sweep(of, 30, workers, seed) == expected
    assert sweep(rules("tpe", pruner, window=3), 30) != expected


@pytest.mark.parametrize("sampler", ["random", "grid", "qmc"])
def test_samplers_that_learn_nothing_have_one_sequence_too(sampler: str) -> None:
    of = rules(sampler, "hyperband")
    expected = sweep(of, 20)
    assert sweep(of, 20, 4, seed=1) == sweep(of, 20, 2, seed=2) == expected
    values = [values for _, values, _ in expected]
    assert all(map(SPACE.allows, values)) and all(values.count(each) == 1 for each in values)
    assert sweep(rules(sampler, "hyperband", seed=1), 20) != expected


def test_several_objectives_have_one_sequence_also_with_pruning() -> None:
    of = rules("tpe", "median", objectives=(ACCURACY, PARAMETERS))
    expected = sweep(of, 25)
    assert {state for state, _, _ in expected} == {COMPLETE, PRUNED}
    assert sweep(of, 25, 4, seed=1) == expected


def test_results_after_k_minus_w_are_not_looked_at() -> None:
    of = rules("tpe", "median")
    known: list[Trial] = []
    for number in range(16):
        values = propose(SPACE, of, known, number, "sweep")
        known.append(carried_out(of, known, Trial(number, values)))
    others = known[:13] + [Trial(t.number, t.values) for t in known[13:]]
    others[15] = Trial(15, known[15].values, FAILED)
    assert propose(SPACE, of, others, 16, "sweep") == propose(SPACE, of, known, 16, "sweep")
    # trial 12 is 16 - 4, the last that is looked at
    others[12] = Trial(12, known[12].values, COMPLETE, (100.0,), known[12].measures)
    assert propose(SPACE, of, others, 16, "sweep") != propose(SPACE, of, known, 16, "sweep")


def test_scores_without_a_number_are_learned_from_without_a_warning() -> None:
    """Warnings are errors here: Optuna's and numpy's are none of a person's."""

    def diverging(values: dict) -> list[float]:
        late = [math.nan, math.inf, -math.inf][int(values["hidden_dim"]) % 3]
        return curve(values) if values["learning_rate"] < 0.02 else [-1.0] * (EPOCHS - 1) + [late]

    for pruner in ("none", "median", "hyperband"):
        for objectives in ((ACCURACY,), (ACCURACY, PARAMETERS)):
            found = sweep(rules("tpe", pruner, objectives=objectives), 30, curve=diverging)
    # by chance, log10(0.1 / 0.02) / 3 = 23 % are as fast: 7 of the last 30, had it learned nothing
    found = sweep(rules("tpe"), 60, curve=diverging)
    fast = [values["learning_rate"] >= 0.02 for _, values, _ in found]
    assert sum(fast[:20]) >= 3 and sum(fast[-30:]) <= 3


@pytest.mark.parametrize("pruner", ["median", "hyperband"])
def test_pruners_decide_as_optunas_own_where_trials_come_one_by_one(pruner: str) -> None:
    stock = {
        "median": optuna.pruners.MedianPruner(n_warmup_steps=2),  # a fifth of 9 epochs
        "hyperband": optuna.pruners.HyperbandPruner(1, EPOCHS, 3),
    }[pruner]
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(study_name="sweep", direction="maximize", pruner=stock)
    of = rules("random", pruner, window=1, constraints=())
    for _, values, scores in (found := sweep(of, 40)):
        trial = study.ask()
        for epoch, value in enumerate(curve(values), 1):
            trial.report(value, epoch)
            if trial.should_prune() and epoch < EPOCHS:
                break
        ended_early = epoch < EPOCHS
        study.tell(trial, None if ended_early else value, state=_state(ended_early))
        assert scores == (value,)
    assert {state for state, _, _ in found} == {COMPLETE, PRUNED}


def test_trials_that_break_a_constraint_prune_no_other() -> None:
    """Large models, which are not allowed, are better by far at each epoch."""
    large, small = {"hidden_dim": 256}, {"hidden_dim": 16}
    scores = {epoch: 0.9 for epoch in range(1, EPOCHS + 1)}
    known = [Trial(i, large, COMPLETE, (0.9,), {"parameters": 25600.0}, scores) for i in range(30)]
    for name in ("median", "hyperband"):
        for constraints, is_pruned in (((), True), ((SMALL,), False)):
            of = rules("random", name, window=1, constraints=constraints)
            # by its number it is in a bracket that decides before the last epoch
            pruner = Pruner(of, known, 30, small, "a sweep")
            found = [pruner.should_prune(epoch, 0.1) for epoch in range(1, EPOCHS + 1)]
            assert any(found) == is_pruned


def test_a_trial_that_has_epochs_of_its_own_warms_up_in_a_fifth_of_these() -> None:
    """It is far behind all others: that counts from epoch 2 of 9 on, from epoch 1 of 4."""
    scores = {epoch: 0.9 for epoch in range(1, EPOCHS + 1)}
    known = [Trial(i, {}, COMPLETE, (0.9,), {}, scores) for i in range(9)]
    of = rules("random", "median", window=1, constraints=())
    for values, first in (({}, 2), ({"max_epochs": 4}, 1)):
        pruner = Pruner(of, known, 9, values, "sweep")
        found = [pruner.should_prune(epoch, 0.1) for epoch in range(1, 5)]
        assert found.index(True) + 1 == first


def _state(pruned: bool) -> optuna.trial.TrialState:
    return optuna.trial.TrialState.PRUNED if pruned else optuna.trial.TrialState.COMPLETE


@pytest.mark.nightly
def test_another_order_of_python_sets_is_the_same_sequence() -> None:
    code = "from tests.search.order.executor import *; print(sweep(rules('tpe', 'median'), 30))"
    printed = [
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert printed[0] == printed[1] == f"{sweep(rules('tpe', 'median'), 30)}\n"


@pytest.mark.parametrize("pruner", ["median", "hyperband"])
def test_less_is_better_is_more_is_better_of_the_negated_scores(pruner: str) -> None:
    loss = Objective("val_loss", "min")
    of = rules("tpe", pruner, objectives=(loss,))
    found = sweep(of, 30, curve=lambda values: [-score for score in curve(values)])
    negated = [(state, values, (-score,)) for state, values, (score,) in found]
    assert negated == sweep(rules("tpe", pruner), 30)
