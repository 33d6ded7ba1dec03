"""Trials as Optuna has them: in its storage, and before its sampler."""

import math

import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState

from project.search.order.study import frozen, seen, violations
from project.search.space import Dimension, Space
from project.search.values import COMPLETE, FAILED, PRUNED, Constraint, Objective, Trial
from tests.search.order.executor import rules

SPACE = Space(
    (
        Dimension("optimizer", "choice", ("adamw", "sgd")),
        Dimension("momentum", "float", (), 0.8, 0.9, step=0.05, when="optimizer == sgd"),
        Dimension("hidden_dim", "int", (), 16, 256, True),
        Dimension("dropout", "float", (), 0.0, 1.0, mean=0.5, spread=0.1),
    )
)
VALUES = {"optimizer": "sgd", "momentum": 0.85, "hidden_dim": 64, "dropout": 0.5}


def test_a_trial_in_optunas_storage_has_its_own_values() -> None:
    trial = Trial(3, VALUES, COMPLETE, (0.5,), {"parameters": 30000.0}, {1: 0.4, 2: 0.5})
    found = frozen(trial, SPACE, rules())
    assert (found.state, found.values, found.params) == (TrialState.COMPLETE, [0.5], VALUES)
    assert found.intermediate_values == {1: 0.4, 2: 0.5}
    # 30,000 is 10,000 beyond 20,000: half of it
    assert found.constraints == {"parameters < 20000": 0.5}
    assert found.distributions == {
        "optimizer": CategoricalDistribution(("adamw", "sgd")),
        "momentum": FloatDistribution(0.8, 0.9, step=0.05),
        "hidden_dim": IntDistribution(16, 256, log=True),
        "dropout": FloatDistribution(0.0, 1.0),
    }
    # the sampler is given a place in the normal distribution
    assert seen(trial, SPACE, rules()).params == VALUES | {"dropout": pytest.approx(0.5)}


def test_trials_without_a_score() -> None:
    without = Trial(0, VALUES, COMPLETE, (math.nan,), {"parameters": 1.0})
    assert frozen(without, SPACE, rules()).state == TrialState.FAIL
    assert seen(without, SPACE, rules()).constraints["score"] == math.inf
    assert frozen(Trial(0, VALUES, FAILED), SPACE, rules()).state == TrialState.FAIL
    pruned = Trial(0, VALUES, PRUNED, (0.1,), {}, {1: 0.1, 2: math.nan})
    assert frozen(pruned, SPACE, rules()).state == TrialState.PRUNED
    both = (Objective("val_loss", "min"), Objective("val_accuracy", "max"))
    # Optuna knows no pruned trials of several objectives; of two epochs, 1 / (1 + 2)
    found = seen(pruned, SPACE, rules(objectives=both))
    assert found.state == TrialState.PRUNED and found.constraints == {
        "pruned": pytest.approx(1 / 3)
    }


def test_values_that_are_no_more_in_the_space_are_left_out() -> None:
    trial = Trial(0, VALUES | {"hidden_dim": 500}, COMPLETE, (0.5,), {"parameters": 1.0})
    assert "hidden_dim" not in frozen(trial, SPACE, rules()).params
    assert seen(trial, SPACE, rules()).state == TrialState.FAIL


@pytest.mark.parametrize(
    "operator, bound, measure, expected",
    [
        ("<", 10.0, 12.0, 0.2),
        ("<=", 10.0, 10.0, 0.0),
        ("<", 10.0, 10.0, 1e-300),
        (">", -2.0, -3.0, 0.5),
        (">=", 0.0, 0.5, -0.5),
        ("<", 10.0, math.nan, math.inf),
    ],
)
def test_how_far_a_measure_is_beyond_its_bound(
    operator: str, bound: float, measure: float, expected: float
) -> None:
    constraint = Constraint("epochs", operator, bound)
    trial = Trial(0, {}, COMPLETE, (0.0,), {"epochs": measure})
    assert violations(trial, [constraint]) == {str(constraint): pytest.approx(expected)}
