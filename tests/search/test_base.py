"""The flags of all trials name the same runs whatever runs come; who retries appends."""

from argparse import Namespace
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from project.cli.flags import Arguments
from project.search.base import Base, last_words, read_base
from project.search.goals import further, reachable
from project.search.ranges.dimension import Dimension
from project.search.space import space_of
from project.search.spec import Goal, Spec
from project.search.values import COMPLETE, CONFIRM, FAILED, TEST, TRIAL, Objective, Result, Rules
from tests.search.supervision.fakes import NAME, Carrier, agenda, opened, worker

RUN = "20261130-120000-ab12"


def read(*flags: str) -> Base:
    """With one run, that several words mean; `--checkpoint last` is it, too."""

    def find(exp_dir: str, reference: str) -> tuple[str, Mapping[str, Any]]:
        if reference not in ("last", "ab12", RUN):
            raise ValueError(f"there is no run {reference!r}")
        return RUN, {"model": "mlp", "depth": 3}

    def name_runs(arguments: Arguments) -> list[str]:
        return ["--checkpoint", RUN] if arguments.hparams.checkpoint == "last" else []

    return read_base(flags, Path("experiments"), find, name_runs)


@pytest.mark.parametrize(
    "given, meant",
    [
        (["--config", "last", "--depth", "2"], ["--config", RUN, "--depth", "2"]),
        (["--config=ab12"], [f"--config={RUN}"]),
        (["--checkpoint", "last"], ["--checkpoint", "last", "--checkpoint", RUN]),
        (["--tags", "last"], ["--tags", "last"]),
    ],
)
def test_runs_are_named_for_good(given: list[str], meant: list[str]) -> None:
    base = read(*given)
    assert (base.given, base.flags) == (tuple(given), tuple(meant))
    if "config" in given[0]:
        assert base.hparams.model == "mlp"


def test_what_is_no_run_and_no_file_is_told_as_by_a_run() -> None:
    with pytest.raises(ValueError, match="--config nosuch: there is no such file, and no such run"):
        read("--config", "nosuch")


def test_settings_are_what_results_depend_on() -> None:
    """So that workers may have other folders, and send their runs elsewhere."""
    one = read("--data-dir", "here", "--tracker", "none", "--num-workers", "0", "--tags", "x")
    other = read(
        "--data-dir", "there", "--tracker", "csv", "--keep", "best", "--without", "reports"
    )
    assert one.settings == other.settings != read("--depth", "3").settings
    assert one.settings["learning_rate"] == 1e-3 and one.settings["seed"] == 0


def test_the_monitored_score_is_the_objective_unless_one_is_given() -> None:
    assert last_words(read(), "val_f1_macro", TRIAL)[-2:] == ["--monitor", "val_f1_macro"]
    assert "--monitor" not in last_words(read("--monitor", "val_loss"), "val_f1_macro", TRIAL)


@pytest.mark.parametrize(
    "kind, left_out",
    [
        (TRIAL, ["test", "progress", "reports"]),
        (CONFIRM, ["test", "progress"]),
        (TEST, ["progress"]),
    ],
)
def test_what_runs_leave_out_depends_on_what_they_are_for(kind: str, left_out: list[str]) -> None:
    words = ["--without", "predictions", *left_out, "--monitor", "val_loss"]
    assert last_words(read("--without", "predictions"), "val_loss", kind) == words


def test_the_goal_grows_and_failed_trials_are_appended(tmp_path: Path) -> None:
    """Trials 1 and 4 of six have failed; trials 6 and 7 have their flags, once."""
    with opened(tmp_path) as storage:
        plan = agenda(storage, trials=6)

        class Failing(Carrier):
            def result(self, job: Any, running: Any, code: int) -> Result:
                found = super().result(job, running, code)
                return Result(FAILED, reason="x") if job.number in (1, 4) else found

        def asked(**given: Any) -> Goal:
            usual = {"trials": None, "confirm": None, "retry_failed": False}
            return further(plan, Namespace(**(usual | given)))

        plan.propose = lambda history, number: {"x": float(number)}
        one = worker(storage, Failing())
        one.agenda = plan
        assert one.work()
        assert asked() == Goal(6) and asked(trials=9, confirm=3) == Goal(9, 3)
        with pytest.raises(ValueError, match="--trials 5: the sweep has 6"):
            asked(trials=5)
        again = asked(retry_failed=True)
        assert again == Goal(6, 0, {6: 1, 7: 4}) and again.total == 8
        storage.set_goal(NAME, **again.to_json())
        assert not plan.is_done()
        two = worker(storage, Carrier())
        two.agenda = plan
        assert two.work() and asked(retry_failed=True) == again
        trials = storage.trials(NAME, TRIAL)
        assert [t.retry_of for t in trials] == [None] * 6 + [1, 4]
        assert [t.values["x"] for t in trials[6:]] == [1.0, 4.0]
        assert {t.state for t in trials[6:]} == {COMPLETE}


def test_a_grid_has_no_more_trials_than_combinations() -> None:
    """Two values of one flag, three of another."""
    space = space_of(["--model", "mlp"], ["depth"], None)
    pair = Dimension("batch_size", "choice", (32, 64))
    space = replace(space, dimensions=(*space.dimensions, pair))
    rules = Rules("grid", "none", 0, 1, 1, (Objective("val_loss", "min"),))
    spec = Spec((), (), {"seed": 0}, space, rules)
    assert [reachable(trials, spec) for trials in (5, 6, 7)] == [5, 6, 6]
