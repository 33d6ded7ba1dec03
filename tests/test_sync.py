"""`python -m project.sync`, as a person uses it."""

import subprocess
import sys
from pathlib import Path

import pytest

from project.provenance._lock import RunLock
from project.sync import main
from project.tracking.follower import Follower
from tests.tracking import stand_in
from tests.tracking.runs import finish, log, make_run

ROOT = Path(__file__).parents[1]
NAME = stand_in.NAME
TO = ["--tracker", NAME]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A finished run of two points; `--tracker tensorboard` means the stand-in."""
    monkeypatch.setitem(sys.modules, f"project.trackers.{NAME}", stand_in)
    monkeypatch.chdir(tmp_path)
    run = make_run(tmp_path / "experiments")
    log(run, ({"loss": 0.5}, 1), ({"loss": 0.25}, 2))
    finish(run)
    return run


@pytest.mark.parametrize("reference", ["last", "20261121-0345", "experiments/trial/{}"])
def test_it_says_what_it_sent(
    run: Path, reference: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([reference.format(run.name), *TO]) == 0
    # Record, patch, lock file, figure and outcome.
    assert capsys.readouterr().out == (
        f"{NAME}: {run.name}: 2 points and 5 files sent; up to date\n  stand-in: in the service\n"
    )
    assert main([run.name, *TO]) == 0
    assert f"{NAME}: {run.name}: 0 points and 0 files sent" in capsys.readouterr().out


def test_without_a_run_it_sends_what_is_missing(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = make_run(run.parents[1], "20261121-034513-aaaa")
    log(other, ({"loss": 0.5}, 1))
    main([run.name, *TO])
    capsys.readouterr()
    assert main(TO) == 0
    assert capsys.readouterr().out.startswith(f"{NAME}: {other.name}: 1 point and 4 files sent;")
    assert main(TO) == 0
    assert "all runs below experiments are up to date" in capsys.readouterr().out


def test_runs_of_debug_are_sent_only_by_name(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run.parent.rename(run.parents[1] / "debug")
    assert main(TO) == 0
    assert "up to date" in capsys.readouterr().out
    assert main(["last", *TO]) == 0
    assert "2 points" in capsys.readouterr().out


def test_a_run_that_trains_stays_open(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (run / "outcome.json").unlink()
    lock = RunLock(run)
    assert main(["last", *TO]) == 0
    lock.release()
    assert "up to date, and still training" in capsys.readouterr().out
    assert "close" not in [kind for kind, _ in stand_in.received(run)]


def test_a_run_that_is_being_sent_is_left_alone(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Follower(run, NAME):
        assert main(["last", *TO]) == 0
    assert f"another process is sending {run.name} just now" in capsys.readouterr().out


def test_a_tracker_that_is_down(
    run: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(stand_in.BEHAVIOUR, "fail")
    assert main(["last", *TO]) == 1
    assert capsys.readouterr().err == (
        f"{NAME}: {run.name}: not sent: ConnectionError: http://***@host/ is down\n"
    )


def test_settings_that_cannot_work(
    run: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(stand_in.BEHAVIOUR, "refuse")
    assert main(["last", *TO]) == 2
    assert capsys.readouterr().err == f"{NAME}: {run.name}: not sent: TOKEN is not set: set it\n"


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["20991231"], "there is no run '20991231'"),
        (["last", "--follow"], "--follow takes its run from standard input, not 'last'"),
    ],
)
def test_mistakes_are_one_line(
    run: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, *TO]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: {message}")


def test_a_folder_that_is_not_there_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--exp-dir", str(tmp_path / "no")]) == 2
    assert f"--exp-dir '{tmp_path / 'no'}' is no folder" in capsys.readouterr().err


def test_an_unknown_tracker_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--tracker", "csv"]) == 2
    assert "--tracker 'csv' is unknown" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["project.sync", "project.serve"])
def test_help_imports_no_package_of_a_tracker(command: str) -> None:
    listing = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", command, "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert listing.stdout.startswith(f"usage: python -m {command}")
    imported = {line.rpartition("|")[2].strip() for line in listing.stderr.splitlines()}
    assert "argparse" in imported
    assert not imported & {"mlflow", "neptune", "tensorboard", "torch", "numpy", "blake3"}
