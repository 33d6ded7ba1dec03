"""What is told while a sweep runs: each end once, whoever has done it, and the best so far."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from project.search.supervision.telling import Teller
from project.search.values import (
    COMPLETE,
    CONFIRM,
    FAILED,
    PRUNED,
    RUNNING,
    TEST,
    Constraint,
    Objective,
    Rules,
    Trial,
)

RULES = Rules("tpe", "median", 3, 2, 1, (Objective("val_loss", "min"),))
SPEC = SimpleNamespace(rules=RULES, space=SimpleNamespace(lines=lambda: ["x  1 to 2"]))


class Storage:
    """One whose jobs a test says."""

    def __init__(self, *trials: Trial) -> None:
        self.found = {CONFIRM: [], TEST: []}
        self.of_trials = list(trials)

    def trials(self, name: str) -> list[Trial]:
        return self.of_trials

    def jobs(self, name: str, kind: str) -> list:
        return self.found[kind]


def done(number: int, score: float, **more: object) -> Trial:
    told = {"state": COMPLETE, "scores": (score,), "seconds": 1.0, "values": {"x": 0.12345678}}
    return Trial(number, **{**told, **more})


def test_each_end_is_told_once_with_the_best_so_far(capsys: pytest.CaptureFixture[str]) -> None:
    storage = Storage(Trial(0, {}, RUNNING), done(1, 0.5))
    teller = Teller(storage, "lr", SPEC)
    teller()
    assert capsys.readouterr().err == "trial   1  val_loss 0.5000  best  x=0.1235  1.0 s\n"
    reason = "the loss is NaN; " + "x" * 200
    storage.of_trials[0] = done(0, 0.75)
    storage.of_trials += [
        done(2, 0.25),
        done(3, 2.0, state=PRUNED, intermediate={1: 3.0, 2: 2.0}),
        Trial(4, {}, FAILED, reason=reason),
    ]
    teller()
    assert capsys.readouterr().err.splitlines() == [
        "trial   0  val_loss 0.7500  x=0.1235  1.0 s",
        "trial   2  val_loss 0.2500  best  x=0.1235  1.0 s",
        "trial   3  pruned after epoch 2, val_loss 2.0000  x=0.1235  1.0 s",
        f"trial   4  failed: {reason[:140]}...",
    ]
    teller()
    assert capsys.readouterr().err == ""


def test_a_broken_constraint_is_told_and_makes_no_best(capsys: pytest.CaptureFixture[str]) -> None:
    rules = replace(RULES, constraints=(Constraint("parameters", "<", 100.0),))
    storage = Storage(done(0, 0.5, measures={"parameters": 100.0}))
    Teller(storage, "lr", SimpleNamespace(rules=rules, space=SPEC.space))()
    said = "trial   0  val_loss 0.5000  not parameters < 100  x=0.1235  1.0 s\n"
    assert capsys.readouterr().err == said


def test_confirmations_and_tests_say_what_they_are_of(capsys: pytest.CaptureFixture[str]) -> None:
    storage = Storage()
    storage.found[CONFIRM] = [(done(0, 0.5), {"arm": "default", "seed": 1})]
    test = done(0, 0.0, scores=(), measures={"test_loss": 0.125, "test_accuracy": 1.0})
    storage.found[TEST] = [(test, {"arm": 7, "seed": 1})]
    Teller(storage, "lr", SPEC)()
    assert capsys.readouterr().err.splitlines() == [
        "confirm of default flags, seed 1:  val_loss 0.5000  1.0 s",
        "test of trial 7, seed 1:  test_loss 0.1250  1.0 s",
    ]


def test_it_begins_with_what_is_searched_and_how(capsys: pytest.CaptureFixture[str]) -> None:
    storage = Storage(done(0, 0.5), Trial(1, {}, RUNNING))
    teller = Teller(storage, "lr", SPEC)
    teller.begin(SimpleNamespace(total=40))
    said = capsys.readouterr().err
    assert "40 trials, 2 at once at most, 1 thread each; tpe, median pruning, seed 3" in said
    assert "goes on: 1 of them have ended; the best so far: val_loss 0.5000" in said
    teller()  # what had ended before isn't told again
    assert capsys.readouterr().err == ""


def test_a_flag_that_is_given_no_value_is_told_as_such(capsys: pytest.CaptureFixture[str]) -> None:
    teller = Teller(Storage(done(0, 0.5, values={"augment": "", "depth": 0})), "lr", SPEC)
    teller()
    said = "trial   0  val_loss 0.5000  best  augment=none depth=0  1.0 s\n"
    assert capsys.readouterr().err == said
