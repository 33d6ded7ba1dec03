"""A follower sends each point and each file's content once, whatever happens in between."""

from pathlib import Path

import pytest

from project.tracking.follower import Busy, Follower, Sent, is_current
from project.tracking.state import State
from tests.tracking import stand_in
from tests.tracking.runs import finish, log, make_run

NAME = stand_in.NAME


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setitem(stand_in.sys.modules, f"project.trackers.{NAME}", stand_in)
    return make_run(tmp_path)


def catch_up(run: Path, ended: bool) -> Sent:
    with Follower(run, NAME) as follower:
        return follower.catch_up(ended)


def uploads(run: Path) -> list[str]:
    return [content for kind, content in stand_in.received(run) if kind == "upload"]


def test_a_run_that_trains_and_ends(run: Path) -> None:
    log(run, ({"loss": 0.5}, 1), ({"loss": 0.25, "val": 0.75}, 2))
    with Follower(run, NAME) as follower:
        # Points: loss at steps 1 and 2, val at 2. Files: record, patch, lock file and figure.
        assert follower.catch_up(ended=False) == Sent(points=3, files=4)
        assert follower.catch_up(ended=False) == Sent(points=0, files=0)
        assert not is_current(run, NAME)
        log(run, ({"loss": 0.125}, 3))
        finish(run)
        assert follower.catch_up(ended=True) == Sent(points=1, files=1)
    assert stand_in.points(run) == [
        ("loss", 1, 0.5),
        ("loss", 2, 0.25),
        ("val", 2, 0.75),
        ("loss", 3, 0.125),
    ]
    begun = ["record.json", "code.patch", "requirements.lock", "figures/confusion.png"]
    assert uploads(run) == [*begun, "outcome.json"]
    kinds = [kind for kind, _ in stand_in.received(run)]
    assert (kinds.count("open"), kinds[-2:]) == (1, ["close", "release"])
    assert is_current(run, NAME)


def test_later_followers_send_only_what_is_new(run: Path) -> None:
    log(run, ({"loss": 0.5}, 1))
    assert catch_up(run, ended=False) == Sent(1, 4)
    log(run, ({"loss": 0.25}, 2))
    (run / "figures" / "confusion.png").write_bytes(b"another")
    (run / "figures" / ".half.png").write_bytes(b"still being written")
    (run / "figures" / "validation").mkdir()
    (run / "figures" / "validation" / "confusion.png").write_bytes(b"of an epoch")
    assert catch_up(run, ended=False) == Sent(1, 2)
    assert stand_in.points(run) == [("loss", 1, 0.5), ("loss", 2, 0.25)]
    sent = ["figures/confusion.png", "figures/validation/confusion.png"]
    assert uploads(run)[4:] == sent
    state = State.load(run, NAME)
    assert (state.points, state.where) == (2, "stand-in: in the service")


def test_a_run_that_died_is_marked_and_may_go_on(run: Path) -> None:
    log(run, ({"loss": 0.5}, 1))
    catch_up(run, ended=True)
    assert ["close", None] in stand_in.received(run)
    assert is_current(run, NAME)
    # Resumed: it is open again, and ends another way.
    log(run, ({"loss": 0.25}, 2))
    assert not is_current(run, NAME)
    finish(run, status="interrupted")
    assert catch_up(run, ended=True) == Sent(points=1, files=1)
    assert ["close", "interrupted"] in stand_in.received(run)


def test_after_an_error_it_goes_on_from_the_last_success(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log(run, ({"loss": 0.5}, 1))
    with Follower(run, NAME) as follower:
        with monkeypatch.context() as patch:
            patch.setattr(stand_in.StandIn, "upload", fail)
            with pytest.raises(ConnectionError):
                follower.catch_up(ended=False)
            follower.failed("the service is down")
            assert State.load(run, NAME).error == "the service is down"
        # The point was taken before the service went down; the files are sent now.
        assert follower.catch_up(ended=False) == Sent(points=0, files=4)
        assert State.load(run, NAME).error is None
    assert stand_in.points(run) == [("loss", 1, 0.5)]
    kinds = [kind for kind, _ in stand_in.received(run) if kind != "upload"]
    assert kinds == ["open", "log", "release", "open", "release"]


def fail(self: stand_in.StandIn, path: Path) -> None:
    raise ConnectionError("down")


def test_an_entry_that_is_gone_is_made_anew(run: Path) -> None:
    log(run, ({"loss": 0.5}, 1))
    catch_up(run, ended=False)
    (run / stand_in.SERVICE).unlink()
    assert catch_up(run, ended=False) == Sent(1, 4)
    assert stand_in.points(run) == [("loss", 1, 0.5)]


def test_two_never_send_the_same_run_at_once(run: Path) -> None:
    with Follower(run, NAME):
        with pytest.raises(Busy, match="another process is sending"):
            Follower(run, NAME)
    assert catch_up(run, ended=False) == Sent(0, 4)


def test_a_damaged_state_is_named_with_its_remedy(run: Path) -> None:
    catch_up(run, ended=False)
    (run / "tracking" / f"{NAME}.json").write_text('{"position": ')
    with pytest.raises(ValueError, match="tensorboard.json is damaged .*delete it"):
        Follower(run, NAME)


def test_large_journals_go_in_parts(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # 3,000 steps of 21 metrics, about 550 bytes each: 1.6 MB, where a part is about 1 MiB.
    points = [({f"metric_{i}": step / 7 for i in range(21)}, step) for step in range(3000)]
    log(run, *points)
    assert catch_up(run, ended=False).points == 3000 * 21
    parts = [content for kind, content in stand_in.received(run) if kind == "log"]
    assert len(parts) == -(-(run / "journal.jsonl").stat().st_size // 2**20) > 1
    steps = [record["step"] for part in parts for record in part]
    assert steps == list(range(3000))
