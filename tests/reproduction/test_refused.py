"""What can't be reproduced is refused in one line, before anything is run or written."""

import json
from pathlib import Path
from typing import Any

import pytest

from project.provenance.run import Run
from project.reproduce import main
from project.reproduction.expected import Recorded
from project.reproduction.forced import REFUSED
from tests.provenance.records import RECORD
from tests.reproduction.repositories import commit, everything, git

POINT = '{"time":1.0,"step":1,"epoch":0,"metrics":{"train_loss":2.0}}\n'


def begun(exp_dir: Path, journal: str = POINT, **changes: Any) -> Run:
    run = Run.create(exp_dir, "trial", RECORD | changes, patch=None, requirements="")
    (run.directory / "journal.jsonl").write_text(journal)
    return run


def ended(exp_dir: Path, status: str = "finished", error: str | None = None, **more: Any) -> Path:
    run = begun(exp_dir, **more)
    run.finish(status, error=error, epochs=1, steps=1)
    return run.directory


def refusal(capsys: pytest.CaptureFixture[str], exp_dir: Path, *argv: str) -> str:
    """The one line that is said; nothing is changed."""
    before = everything(exp_dir)
    assert main([*argv, "--exp-dir", str(exp_dir)]) == 2
    assert everything(exp_dir) == before
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("error: ") and err.count("\n") == 1
    return err.removeprefix("error: ").rstrip("\n")


Capture = pytest.CaptureFixture[str]


def test_a_run_that_is_unknown_or_ambiguous(tmp_path: Path, capsys: Capture) -> None:
    first, second = ended(tmp_path), ended(tmp_path)
    wrong = first.name[:-1] + ("0" if first.name[-1] != "0" else "1")
    line = refusal(capsys, tmp_path, first.name[:9])
    assert line.startswith(f"'{first.name[:9]}' may be any of 2 runs (trial/{second.name}, ")
    line = refusal(capsys, tmp_path, wrong)
    assert line.startswith(f"there is no run '{wrong}'; did you mean ") and first.name in line


def test_a_score_that_no_run_has(tmp_path: Path, capsys: Capture) -> None:
    ended(tmp_path)
    line = refusal(capsys, tmp_path, "best:val_acuracy")
    assert line.startswith("no run has a score 'val_acuracy'")


def test_a_run_that_goes_on(tmp_path: Path, capsys: Capture) -> None:
    run = begun(tmp_path)
    line = f"run {run.run_id} is still running; wait for its end"
    assert refusal(capsys, tmp_path, "last") == line
    run.release()


def test_a_run_that_logged_nothing(tmp_path: Path, capsys: Capture) -> None:
    run = ended(tmp_path, "failed", "no memory", journal="")
    line = f"run {run.name} logged no value that could come out again (it failed: no memory)"
    assert refusal(capsys, tmp_path, "last") == line


@pytest.mark.parametrize("name", ["record.json", "outcome.json", "journal.jsonl"])
def test_an_edited_run(tmp_path: Path, capsys: Capture, name: str) -> None:
    run = ended(tmp_path)
    path = run / name
    path.chmod(0o644)
    path.write_text(path.read_text().replace("1", "2", 1))
    line = f"run {run.name} is not what it was: {name} was changed"
    assert refusal(capsys, tmp_path, "last") == line


@pytest.mark.parametrize(
    "content, message",
    [
        ("{", "is damaged: it is not JSON"),
        ("[]", "is damaged: it is no object"),
        (json.dumps(RECORD | {"flags": 3}), "is damaged: it lacks 'run_id'"),
        (json.dumps({"schema": 99}), "was written by a newer version of this project"),
    ],
)
def test_a_damaged_record_without_a_seal(
    tmp_path: Path, capsys: Capture, content: str, message: str
) -> None:
    run = begun(tmp_path)
    run.release()
    (run.directory / "record.json").write_text(content)
    line = refusal(capsys, tmp_path, "last")
    assert line.startswith(f"{run.directory}/record.json {message}")


def test_a_commit_that_is_gone(tmp_path: Path, capsys: Capture) -> None:
    ended(tmp_path, code=RECORD["code"] | {"sha": "ab" * 20})
    line = refusal(capsys, tmp_path, "last")
    assert line.startswith(f"commit {'ab' * 20} is not in ") and "git fetch --all" in line


def test_ctrl_c_while_it_trains(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo, scratch = tmp_path / "repo", tmp_path / "scratch"
    scratch.mkdir()
    repo.mkdir()
    git(repo, "init", "--quiet")
    (repo / "a.py").write_text("a = 1\n")
    ended(tmp_path / "exp", code=RECORD["code"] | {"sha": commit(repo)})
    trees = []

    def interrupted(run: Recorded, tree: Path, *_: object) -> Path:
        trees.append((tree / "a.py").read_text())
        raise KeyboardInterrupt

    monkeypatch.setattr("project.reproduce.ROOT", repo)
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    monkeypatch.setattr("project.reproduction.checks.check", lambda *_: [])
    monkeypatch.setattr("project.reproduction.rerun.rerun", interrupted)
    before = everything(tmp_path)
    assert main(["last", "--exp-dir", str(tmp_path / "exp")]) == 130
    after = everything(tmp_path)
    del before["scratch"], after["scratch"]  # the folder's time
    assert trees == ["a = 1\n"] and after == before
    assert git(repo, "worktree", "list").count("\n") == 1
    assert capsys.readouterr().err == "\ninterrupted: no verdict\n"


def test_a_patch_that_is_missing(tmp_path: Path, capsys: Capture) -> None:
    code = RECORD["code"] | {"patch": "code.patch", "patch_blake3": "00"}
    run = ended(tmp_path, code=code)
    assert refusal(capsys, tmp_path, "last") == f"run {run.name} lacks its code.patch"


def test_sources_that_were_only_hashed(tmp_path: Path, capsys: Capture) -> None:
    ended(tmp_path, code=RECORD["code"] | {"source_blake3": "0123456789abcdef"})
    assert "only with the sources of 0123456789ab" in refusal(capsys, tmp_path, "last")


@pytest.mark.parametrize("tolerance", ["inf", "nan", "-1", "1", "1e", ""])
def test_a_tolerance_by_which_anything_or_nothing_would_pass(
    tmp_path: Path, capsys: Capture, tolerance: str
) -> None:
    ended(tmp_path)
    line = refusal(capsys, tmp_path, "last", f"--tolerance={tolerance}")
    assert line.startswith("--tolerance: ") and "give a number from 0 to less than 1" in line


@pytest.mark.parametrize("epochs, logged", [(2, "1 whole epoch"), (99, "1 whole epoch")])
def test_more_epochs_than_there_are(
    tmp_path: Path, capsys: Capture, epochs: int, logged: str
) -> None:
    # The second epoch was begun.
    journal = POINT + '{"time":1.0,"step":1,"epoch":0,"metrics":{"val_loss":2.0}}\n'
    run = ended(tmp_path, journal=journal + POINT.replace('"epoch":0', '"epoch":1'))
    line = refusal(capsys, tmp_path, "last", "--epochs", str(epochs))
    assert line.startswith(f"--epochs {epochs}: run {run.name} logged {logged}; ")


@pytest.mark.parametrize("flag", sorted(REFUSED))
def test_a_flag_that_cannot_be_another(tmp_path: Path, capsys: Capture, flag: str) -> None:
    ended(tmp_path)
    before = everything(tmp_path)
    for word in (flag, f"{flag}=x", flag.replace("--", "--no-", 1)):
        assert main(["--exp-dir", str(tmp_path), "--", "--seed", "1", word, "x"]) == 2
        out, err = capsys.readouterr()
        name = word.removesuffix("=x")
        assert out == "" and err == f"error: {name} can't follow --: {REFUSED[flag]}\n"
    assert everything(tmp_path) == before


def test_a_tracker_that_cannot_be_had(tmp_path: Path, capsys: Capture) -> None:
    ended(tmp_path)
    assert main(["--exp-dir", str(tmp_path), "--", "--tracker", "mlfow"]) == 2
    line = capsys.readouterr().err
    assert "did you mean 'mlflow'" in line and "`-- --tracker none`" in line
