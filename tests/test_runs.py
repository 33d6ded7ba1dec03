"""`python -m project.runs`: what is asked, done and refused."""

import io
from pathlib import Path

import pytest

from project.provenance import runs_csv
from project.runs import main
from tests.tracking.runs import finish, make_run


@pytest.fixture
def run(tmp_path: Path) -> Path:
    directory = make_run(tmp_path)
    finish(directory)
    return directory


def test_deleting_asks(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    exp_dir = run.parents[1]
    runs_csv.update(exp_dir, {"run_id": run.name})
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert main(["rm", run.name, "--exp-dir", str(exp_dir)]) == 1
    assert capsys.readouterr().out == f"{run}\ndelete 1 run? [y/N] nothing was deleted\n"
    assert run.exists()
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert main(["rm", run.name, "--exp-dir", str(exp_dir)]) == 0
    assert not run.exists() and runs_csv.read(exp_dir) == []


def test_tags_are_shown(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tag", "last", "good", "paper", "--exp-dir", str(run.parents[1])]) == 0
    assert capsys.readouterr().out == f"{run.name}: good, paper\n"


def test_an_unknown_run_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["note", "nosuch", "text", "--exp-dir", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: there is no run 'nosuch'") and error.count("\n") == 1
