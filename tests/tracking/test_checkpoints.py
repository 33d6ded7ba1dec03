"""`--upload`: checkpoints go to trackers after a run's end, once; later what did not go then."""

import json
import shutil
from pathlib import Path

import pytest

from project.cli.flags import parse
from project.plan import make_plan
from project.tracking import attached
from project.tracking.checkpoints import told, wanted
from project.tracking.follower import Follower, is_current
from project.tracking.sending import send
from project.tracking.state import State
from tests.tracking import stand_in
from tests.tracking.runs import finish, make_run

NAME = stand_in.NAME


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One that has ended, of `--upload all`, with two checkpoints."""
    monkeypatch.setitem(stand_in.sys.modules, f"project.trackers.{NAME}", stand_in)
    run = make_run(tmp_path, flags={"upload": "all"})
    (run / "checkpoints").mkdir()
    (run / "checkpoints" / "best.pt").write_bytes(b"b" * 1_200_000)
    (run / "checkpoints" / "last.pt").write_bytes(b"l" * 3_000_000)
    finish(run)
    return run


def asks(run: Path, upload: str | None) -> None:
    record = json.loads((run / "record.json").read_text())
    (run / "record.json").write_text(json.dumps(record | {"flags": {"upload": upload}}))


def kinds(run: Path) -> list[object]:
    """What the service got, from its end on."""
    found = [content if kind == "upload" else kind for kind, content in stand_in.received(run)]
    end = found.index("close")
    return found[end:]


def test_they_go_after_the_end_and_once(run: Path) -> None:
    for _ in range(2):
        with Follower(run, NAME) as follower:
            follower.catch_up(ended=True)
    sent = ["close", "checkpoints/best.pt", "checkpoints/last.pt", "release", "open", "close"]
    assert kinds(run) == [*sent, "release"] and is_current(run, NAME)


def test_a_run_that_goes_on_sends_none_yet(run: Path) -> None:
    (run / "outcome.json").unlink()
    with Follower(run, NAME) as follower:
        follower.catch_up(ended=True)  # it was killed
    assert kinds(run) == ["close", "release"]


@pytest.mark.parametrize("upload, names", [("best", ["best"]), ("last", ["last"]), (None, [])])
def test_those_that_are_asked_for_and_kept(run: Path, upload: str | None, names: list[str]) -> None:
    asks(run, upload)
    assert [path.stem for path in wanted(run)] == names
    shutil.rmtree(run / "checkpoints")
    assert wanted(run) == []


def test_what_did_not_go_is_sent_later(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(stand_in.BEHAVIOUR, "no checkpoints")
    assert send(run, NAME, running=False) == 1
    assert "the service is full" in capsys.readouterr().err
    assert State.load(run, NAME).closed and not is_current(run, NAME)
    monkeypatch.delenv(stand_in.BEHAVIOUR)
    assert send(run, NAME, running=False) == 0 and is_current(run, NAME)
    assert "2 files" in capsys.readouterr().out
    assert kinds(run)[-4:-1] == ["close", "checkpoints/best.pt", "checkpoints/last.pt"]


def test_a_tracker_that_takes_none_is_up_to_date_without(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stand_in.StandIn, "takes_checkpoints", False)
    assert send(run, NAME, running=False) == 0
    assert kinds(run) == ["close", "release"] and is_current(run, NAME)


def test_sizes_are_told(run: Path) -> None:
    assert told(run) == "best.pt 1.2 MB, last.pt 3.0 MB"

    class Sending:
        def poll(self) -> None: ...

    (line,) = attached.Followers(run, {NAME: Sending()}).unsent()
    assert line.endswith("the run's files and its end, best.pt 1.2 MB, last.pt 3.0 MB")


@pytest.mark.parametrize(
    "argv, told",
    [
        (["--upload", "all"], "this run is sent nowhere"),
        (["--exp-name", "a", "--upload", "best", "--tracker", "tensorboard"], "tensorboard takes"),
        (["--exp-name", "a", "--upload", "best", "--keep", "last"], "--keep last exclude"),
        (["--upload", "bset"], "did you mean 'best'?"),
    ],
)
def test_mistakes_are_told_at_once(tmp_path: Path, argv: list[str], told: str) -> None:
    with pytest.raises(ValueError, match=told.replace("?", r"\?")) as caught:
        make_plan(parse([*argv, "--exp-dir", str(tmp_path)], {}))
    assert len(str(caught.value).splitlines()) == 1


def test_one_of_two_trackers_takes_them(tmp_path: Path) -> None:
    argv = ["--exp-name", "a", "--upload", "best", "--tracker", "mlflow", "tensorboard"]
    plan = make_plan(parse([*argv, "--exp-dir", str(tmp_path)], {}))
    assert plan.notes == ("--upload best: tensorboard takes no checkpoints",)


def test_mlflow_has_them_among_the_runs_files(run: Path) -> None:
    asks(run, "best")
    with Follower(run, "mlflow") as follower:
        follower.catch_up(ended=True)
    (sent,) = (run.parents[1] / "mlflow-artifacts").rglob("best.pt")
    assert sent.parent.name == "checkpoints" and sent.samefile(run / "checkpoints" / "best.pt")
    assert not list((run.parents[1] / "mlflow-artifacts").rglob("last.pt"))
