"""`runs rm`: what it asks, deletes, leaves and tells; and what a killed one leaves."""

import io
import json
import shutil
from pathlib import Path

import pytest

from project.disk import removal
from project.disk.entries import below, freed
from project.disk.usage import of_experiments
from project.provenance import runs_csv
from project.provenance.find import all_runs
from project.provenance.removal import begun, set_aside
from project.runs import main
from project.tracking.state import State
from project.words.sizes import size_text
from tests.comparison.store import begin, edit, make


class Terminal(io.StringIO):
    """A person who answers."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def said(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    """The exit code, and the lines said, of `rm` where somebody answers (None: nobody is there)."""

    def said(*words: str, answer: str | None = None) -> tuple[int, list[str]]:
        # As in a pipe; and as after `<&-`.
        stdin = Terminal(answer) if answer is not None else io.StringIO("y\n")
        monkeypatch.setattr("sys.stdin", stdin)
        code = main(["rm", *words, "--exp-dir", str(tmp_path)])
        out, err = capsys.readouterr()
        return code, (out + err).splitlines()

    return said


def ids(exp_dir: Path) -> list[str]:
    return [row["run_id"] for row in runs_csv.read(exp_dir)]


def test_one_is_asked_about_and_what_it_freed_is_told(tmp_path: Path, said) -> None:
    run, other = make(tmp_path), make(tmp_path, exp_name="other")
    name, size = f"trial/{run.name}", size_text(freed(below(run)))
    told = [f"{name}  finished  {size}"]
    assert said(run.name, answer="n\n") == (
        1,
        [*told, f"delete 1 run, {size}? [y/N] nothing was deleted"],
    )
    assert said(run.name, answer="")[0] == 1  # Ctrl-D
    nobody = "error: nobody is there to ask whether to delete 1 run: --yes does it"
    assert said(run.name) == (2, [nobody])
    assert run.exists() and ids(tmp_path) == [run.name, other.name]
    code, lines = said(run.name, answer="y\n")
    assert (code, lines) == (
        0,
        [*told, f"delete 1 run, {size}? [y/N] deleted {name}, which freed {size}"],
    )
    assert all_runs(tmp_path) == [other] and ids(tmp_path) == [other.name]
    # Nothing is left of the experiment, either.
    assert not (tmp_path / "trial").exists()


def test_experiments_and_expressions_choose_and_all_is_asked_as_such(tmp_path: Path, said) -> None:
    made = [
        make(tmp_path, {"val_loss": 0.1 * i}, exp_name=("one", "two")[i % 2], status=status)
        for i, status in enumerate(["finished", "failed", "finished", "failed", "finished"])
    ]
    assert said("--where", "val_loss >= 0", answer="\n")[1][-1].startswith("delete ALL 5 runs, ")
    assert said("two", "one", answer="\n")[1][-1].startswith("delete ALL 5 runs, ")
    assert said("one", answer="\n")[1][-1].startswith("delete 3 runs, ")
    assert said("--where", "status == lost", "--yes") == (2, ["error: no run fits --where"])
    assert said("--yes")[1] == [
        "error: which runs? Give RUN, an experiment's name, or --where EXPRESSION"
    ]
    assert said("--yes", "one", "--where", "val_loss > 0.3")[1][-1].startswith("deleted one/")
    code, lines = said("--where", "status == failed", "--yes")
    assert code == 0 and lines[-1].startswith(f"deleted two/{made[1].name}, two/{made[3].name}, wh")
    assert all_runs(tmp_path) == [made[0], made[2]] and len(ids(tmp_path)) == 2
    for _ in range(2):
        make(tmp_path, exp_name="one")
    assert said("one", "--yes")[1][-1].startswith("deleted 4 runs of one, which freed ")


def test_a_running_one_stays(tmp_path: Path, said) -> None:
    run, ended = begin(tmp_path), make(tmp_path)
    name = run.directory.name
    assert said(name, "--yes") == (2, [f"error: run {name} can't be deleted: it is running"])
    code, lines = said("trial", "--yes")
    assert code == 0 and f"left out: {name} is running" in lines and not ended.exists()
    assert run.directory.exists() and ids(tmp_path) == [name]
    # One that goes on between the question and its answer.
    with pytest.raises(ValueError, match="is still running"):
        set_aside(run.directory)
    run.release()


def test_what_stays_in_trackers_and_what_hangs_on_it_is_told(tmp_path: Path, said) -> None:
    runs = [make(tmp_path) for _ in range(4)]
    for run in runs[:3]:
        (run / "tracking").mkdir()
        State(remote={"id": "a"}, where=f"mlflow: run {run.name} in a.db").save(run, "mlflow")
        State(where="tensorboard: in it").save(run, "tensorboard")
    edit(runs[2], "record.json", parent={"run_id": runs[0].name})
    edit(runs[3], "record.json", tags=[f"reproduces:{runs[1].name}"])
    _, lines = said(runs[0].name, runs[1].name, answer="\n")
    assert lines[2:5] == [
        f"{runs[0].name} is where {runs[2].name} goes on from (--from)",
        f"{runs[1].name} was reproduced by {runs[3].name}",
        "stays in mlflow: 2 runs in a.db",
    ]
    _, lines = said(runs[0].name, runs[0].name[:-1], str(runs[0]), "--yes")
    assert lines[0] == f"stays in mlflow: run {runs[0].name} in a.db" and len(lines) == 2
    assert said("last", "--tracker", "mlfow", "--yes")[1] == [
        "error: tracker 'mlfow' is none of mlflow, neptune, tensorboard, did you mean 'mlflow'?"
    ]


def test_one_that_its_tracker_does_not_let_go_stays(
    tmp_path: Path, said, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = [make(tmp_path) for _ in range(2)]

    def delete(run: Path, trackers: object) -> list[str]:
        if run == runs[0]:
            raise ConnectionError("it does not answer")
        return ["neptune: RUN-2 is in the trash"]

    monkeypatch.setattr(removal, "delete_entries", delete)
    code, lines = said("trial", "--yes", "--tracker", "all")
    assert code == 1 and lines[0] == "neptune: RUN-2 is in the trash"
    assert f"error: {runs[0].name} stays: it does not answer" in lines
    assert all_runs(tmp_path) == [runs[0]]


def test_what_a_killed_one_has_left_the_same_command_ends(
    tmp_path: Path, said, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, other = make(tmp_path), make(tmp_path)

    def killed(path: Path) -> None:
        (path / "record.json").unlink()
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "rmtree", killed)
        assert said(run.name, "--yes")[0] == 130
    # Nobody takes it for a run.
    assert all_runs(tmp_path) == [other] and len(begun(tmp_path)) == 1
    (usage,), _ = of_experiments(tmp_path)
    assert usage.runs == 1 and usage.kinds["left over"] > 0
    code, lines = said(run.name, "--yes")
    assert code == 0 and lines[0].startswith(f"deleted what was left of trial/{run.name}, which fr")
    assert begun(tmp_path) == [] and ids(tmp_path) == [other.name] and len(lines) == 1
    assert said(run.name, "--yes")[0] == 2


def test_a_damaged_run_can_be_deleted_but_not_chosen_by_what_it_says(tmp_path: Path, said) -> None:
    run = make(tmp_path)
    (run / "outcome.json").chmod(0o644)
    (run / "outcome.json").write_text("{")
    code, lines = said("--where", "status == finished", "--yes")
    assert code == 2 and any("is damaged" in line for line in lines)
    assert said(run.name, "--yes")[0] == 0 and not run.exists()
    assert json.dumps(ids(tmp_path)) == "[]"
