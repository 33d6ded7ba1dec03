"""The command: what a sweep leaves behind and says, and which commands it refuses."""

import io
import os
import shlex
import shutil
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple
from unittest.mock import MagicMock, Mock

import pytest

from project import sweep
from project.files import read_json
from project.run_directory import OUTCOME, RECORD, SWEEP_PAGE, SWEEPS, runs_in
from project.search import conduct, identity
from project.search.storage import open_storage
from project.search.supervision import taking_part
from project.search.values import COMPLETE, CONFIRM, TEST, TRIAL
from tests.search.origins import forked

OWN = ("--exp-name", "lr", "--trials", "2", "--jobs", "3", "--threads", "1", "--confirm", "2")
SEARCH = ("--search", "learning_rate")
FLAGS = ("--model", "mlp", "--hidden-dim", "8", "--max-epochs", "2", "--tracker", "none")
FLAGS += ("--accelerator", "cpu", "--train-fraction", "0.1", "--monitor", "val_accuracy")
COMMAND = (*OWN, *SEARCH, "--", *FLAGS)


class Said(NamedTuple):
    """What a command has come to."""

    code: int
    out: str
    err: str


def command(exp_dir: Path, argv: Sequence[str]) -> Said:
    """A command of the sweep, in this process."""
    at = list(argv).index("--") if "--" in argv else len(argv)
    words = [*argv[:at], "--exp-dir", str(exp_dir), *argv[at:]]
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = sweep.main(words)
    return Said(code, out.getvalue(), err.getvalue())


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Said]:
    """A folder with a sweep of two trials: they and the default with two seeds, then two tests."""
    folder = tmp_path_factory.mktemp("swept")
    with forked():
        return folder, command(folder, COMMAND)


def test_each_trial_is_a_run_without_a_test_and_the_confirmed_are_tested(
    swept: tuple[Path, Said],
) -> None:
    folder, said = swept
    assert said.code == 0, said.err
    runs = {run.name: run for run in runs_in(folder / "lr")}
    with open_storage(folder / SWEEPS) as storage:
        jobs = {kind: storage.jobs("lr", kind) for kind in (TRIAL, CONFIRM, TEST)}
        own = storage.id("lr")
    arms = len({facts["arm"] for _, facts in jobs[CONFIRM]})
    # Both trials, and the default flags, with two seeds each; the tests are of one of them.
    assert [len(jobs[kind]) for kind in jobs] == [2, 2 * arms, 2] and arms == 3
    assert len(runs) == sum(map(len, jobs.values()))
    for kind, found in jobs.items():
        for job, facts in found:
            record, outcome = (read_json(runs[job.run] / name) for name in (RECORD, OUTCOME))
            told = {key: record["sweep"][key] for key in ("name", "id", "kind", "number")}
            assert told == {"name": "lr", "id": own, "kind": kind, "number": job.number}
            assert job.state == COMPLETE and outcome["status"] == "finished"
            assert bool(outcome["test"]) == (kind == TEST)
            if kind != TEST:
                assert record["flags"]["seed"] == facts.get("seed", 0)
                assert job.scores == (outcome["best"]["metrics"]["val_accuracy"],)
                asked = job.values.get("learning_rate", 1e-3)
                assert record["flags"]["learning_rate"] == asked
    assert {facts["seed"] for _, facts in jobs[CONFIRM]} == {1, 2}


def test_the_winner_is_tested_and_its_command_is_the_last_line(swept: tuple[Path, Said]) -> None:
    folder, said = swept
    with open_storage(folder / SWEEPS) as storage:
        trials, tests = storage.trials("lr"), storage.jobs("lr", TEST)
    *_, what, last = said.out.splitlines()
    threads, *words = shlex.split(last)
    # As its trials have: the same weights come out.
    assert threads == "OMP_NUM_THREADS=1" and words.count("--monitor") == 1
    assert words[1:3] == ["-m", "project.run"] and words[3:][: len(FLAGS)] == [*FLAGS]
    (arm,) = {facts["arm"] for _, facts in tests}
    if arm == "default":
        assert "--learning-rate" not in words and "default flags" in what
    else:
        value = words[words.index("--learning-rate") + 1]
        assert float(value) == trials[arm].values["learning_rate"] and f"trial {arm}" in what
    assert (folder / "lr" / SWEEP_PAGE).stat().st_size > 10_000
    assert said.err.count("\ntrial ") == 2 and "sweep lr: val_accuracy (more is better)" in said.err


def test_the_same_command_again_loads_nothing_and_says_the_same(
    swept: tuple[Path, Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, first = swept
    monkeypatch.setattr(conduct, "Origin", Mock(side_effect=AssertionError))
    again = command(folder, COMMAND)
    assert (again.code, again.err) == (0, "")
    assert again.out.splitlines()[-3:] == first.out.splitlines()[-3:]
    # A report does without the files that the flags name.
    monkeypatch.setattr("project.search.base.read_base", Mock(side_effect=AssertionError))
    assert command(folder, ["--exp-name", "lr", "--report"]).out == again.out


@pytest.mark.parametrize(
    "changes, said",
    [
        ({"0.1": "0.2"}, "--train-fraction: 0.1 in the sweep, 0.2 here"),
        ({"learning_rate": "batch_size"}, "learning_rate is searched in the sweep, and not here"),
        ({"--jobs": "--sampler", "3": "random"}, "--sampler: tpe in the sweep, random here"),
        ({"--jobs": "--window"}, None),
        ({"--jobs": "--window", "3": "4"}, "--window: 3 in the sweep, 4 here"),
        ({"--jobs": "--seed"}, "--seed before --: 0 in the sweep, 3 here"),
        ({"--max-epochs": "--depth"}, "--max-epochs: 2 in the sweep, 30 here"),
        ({"val_accuracy": "val_loss"}, "--objective: val_accuracy in the sweep, val_loss here"),
    ],
)
def test_another_sweep_of_the_same_name_is_refused(
    swept: tuple[Path, Said],
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, str],
    said: str | None,
) -> None:
    folder, _ = swept
    monkeypatch.setattr(conduct, "Origin", Mock(side_effect=AssertionError))
    words = [*COMMAND]
    for old, new in changes.items():
        words[words.index(old)] = new
    found = command(folder, words)
    if said is None:  # what was counted of --jobs, said outright
        assert found.code == 0
    else:
        assert found.code == 2 and f"error: {said}" in found.err.splitlines(), found.err
        first, *lines = found.err.splitlines()
        assert first.startswith("error: there is another sweep 'lr' already")
        names = [line.split(":")[1].replace("_", "-") for line in lines]
        assert len(lines) == len({*names}), "each is told once"


def test_other_code_is_refused_and_the_goal_stays(
    swept: tuple[Path, Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _ = swept
    monkeypatch.setattr(conduct, "Origin", MagicMock())
    with open_storage(folder / SWEEPS) as storage:
        data = storage.spec("lr")["identity"]["data"]
        monkeypatch.setattr(conduct, "data_of", lambda origin, flags: data)
        code = identity.code
        monkeypatch.setattr(identity, "code", lambda flags: {**code(flags), "project/x.py": "f00"})
        found = command(folder, [*COMMAND[:3], "5", *COMMAND[4:]])
        assert found.code == 2 and "project/x.py" in found.err, found.err
        assert storage.spec("lr")["trials"] == 2


@pytest.mark.parametrize("done", [False, True])
def test_confirmations_and_tests_are_told_to_who_stops_and_the_last_ends_of_others(
    swept: tuple[Path, Said], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, done: bool
) -> None:
    """Two trials and the default had two seeds each, of which one's were tested; now a third."""
    for file in swept[0].glob(f"{SWEEPS}*"):
        shutil.copy(file, tmp_path)
    with open_storage(tmp_path / SWEEPS) as storage:
        data = storage.spec("lr")["identity"]["data"]
    monkeypatch.setattr(conduct, "data_of", lambda origin, flags: data)
    monkeypatch.setattr(conduct, "Origin", MagicMock())
    monkeypatch.setattr(taking_part, "Teller", teller := MagicMock())
    monkeypatch.setattr(taking_part, "Worker", Mock(return_value=Mock(work=lambda: done)))
    words = [*COMMAND]
    words[words.index("--confirm") + 1] = "3"
    found = command(tmp_path, words)
    assert found.code == 0, found.err
    stopped = "stopped after 2 of 2 trials, 6 confirmations, 2 tests; to go on:" in found.out
    assert stopped is not done and teller.return_value.called is done


@pytest.mark.parametrize(
    "words, said",
    [
        (
            "--exp-name lr --trials 1 --search learning_rate",
            "--trials 1: the sweep has 2, and none",
        ),
        ("--join lrs", "there is no sweep 'lrs' here, did you mean 'lr'?"),
        ("--join lr --trials 4", "--join takes all from the sweep: leave out --trials"),
        ("--exp-name lrs --report", "there is no sweep 'lrs' here, did you mean 'lr'?"),
    ],
)
def test_what_does_not_fit_the_sweep_is_one_line(
    swept: tuple[Path, Said], words: str, said: str
) -> None:
    folder, _ = swept
    more = ["--", *FLAGS] if "--search" in words else []
    found = command(folder, [*words.split(), *more])
    assert found.code == 2 and found.err.count("\n") == 1, found.err
    assert found.err.startswith(f"error: {said}")


@pytest.mark.parametrize(
    "words, said",
    [
        ("", "--exp-name NAME is missing (or --join NAME, to take part in a sweep)"),
        ("--exp-name a/b", "--exp-name 'a/b' is not of the form"),
        ("--exp-name _tuning --search depth", "--exp-name '_tuning' is a file's name in --exp-dir"),
        ("--exp-name a", "what is searched? Give --search FLAG ... or --space FILE"),
        ("--exp-name a --search learning_rate", "--trials: how many? (the sweep is new)"),
        (
            "--exp-name a --trials 2 --search learning_rte",
            "--search: there is no flag learning_rte",
        ),
        (
            "--exp-name a --trials 2 --space gone.yaml",
            "--space gone.yaml: No such file or directory",
        ),
        ("--exp-name a --lr 1 --trials 2", "--lr is a flag of the runs: give it after --"),
        ("--trails 2", "unknown flag --trails, did you mean '--trials'?"),
        ("--exp-name a --timeout soon", "--timeout: 'soon' is no time: give 90s, 30min or 2h"),
        (
            "--exp-name a --trials 2 --search learning_rate --constraint parameters",
            "--constraint 'parameters' can't be read: give a score, parameters, seconds or epochs",
        ),
        ("--exp-name a --trials 2 --search depth -- --exp-name b", "--exp-name stands before --"),
        ("--exp-name a --trials 2 --search depth -- --resume last", "--resume is for no trial: a"),
        ("--exp-name a --trials 2 --search depth -- --seeds 1 2", "--seeds: a trial is one run; "),
        ("--exp-name a --trials 2 --search depth -- --devices 2", "--devices 2: a trial has one"),
        ("--exp-name a --trials 2 --search depth -- --modle mlp", "unknown flag --modle, did you"),
        ("--exp-name a --trials 2 --search depth --storage mysql://h/d", "a storage of 'mysql': "),
        ("--join a", "there is no sweep 'a' here"),
        ("--join a --storage sqlite:///s.db", "there is no sweep 'a' here"),
        ("--join a --storage sqlite:///:memory:", "a storage of SQLite is a file, so that other"),
    ],
)
def test_a_mistake_is_a_line_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(conduct, "Origin", Mock(side_effect=AssertionError))
    found = command(tmp_path / "experiments", words.split())
    lines = found.err.splitlines()
    assert found.code == 2 and found.out == "" and lines[0].startswith(f"error: {said}"), found.err
    assert all(line.startswith("error: ") for line in lines) and os.listdir() == []


def test_what_a_try_of_the_flags_finds_is_a_line_too(tmp_path: Path) -> None:
    """A score that isn't measured, beside a constraint on one; and nothing is written."""
    words = "--exp-name a --trials 2 --search depth --objective val_acuracy test_loss".split()
    words += ["--constraint", "val_acc < 1", "--", *FLAGS, "--data-dir", str(tmp_path / "data")]
    with forked():
        found = command(tmp_path / "experiments", words)
    assert found.code == 2
    assert [line.partition(",")[0] for line in found.err.splitlines()] == [
        "error: --objective 'val_acuracy' is not measured",
        "error: --objective test_loss: a test score is for the end; give a validation score",
        "error: --constraint 'val_acc < 1': val_acc is not measured",
    ]
    assert not (tmp_path / "experiments").exists()
