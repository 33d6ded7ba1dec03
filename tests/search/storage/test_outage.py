"""A storage that is away for a while: what was asked is done when it is back, and said twice."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from project.search.storage import Storage, database, open_storage
from project.search.values import COMPLETE, TRIAL, WAITING, Result
from tests.compat.postgres import Server, binaries, server

OVER = -1.0  # seconds of a lease that ends before it begins


class Told:
    """What the storage says; when it is away, it is brought back."""

    def __init__(self, bring_back: Callable[[], Any]) -> None:
        self.lines: list[str] = []
        self._bring_back = bring_back

    def __call__(self, line: str) -> None:
        self.lines.append(line)
        if len(self.lines) == 1:
            self._bring_back()


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "FIRST_PAUSE", 0.001)


Begin = Callable[[str | Path, Callable[[str], None]], Storage]


@pytest.fixture
def begun() -> Iterator[Begin]:
    with ExitStack() as stack:

        def begin(place: str | Path, told: Callable[[str], None]) -> Storage:
            storage = stack.enter_context(open_storage(place, told))
            if storage.spec("a") is None:
                storage.create("a", {})
                storage.plan("a", TRIAL, 0, {})
            return storage

        yield begin


def test_a_file_out_of_reach_is_waited_for(begun: Begin, tmp_path: Path) -> None:
    folder, away = tmp_path / "here", tmp_path / "away"
    told = Told(lambda: away.rename(folder))
    storage = begun(folder / "sweeps.db", told)
    storage.close()  # or a connection would still have the file
    folder.rename(away)
    assert storage.plan("a", TRIAL, 1, {})
    assert told.lines == [
        f"the storage {storage.shown} can't be reached, waiting for it: unable to open database"
        " file",
        f"the storage {storage.shown} is back",
    ]
    assert len(storage.trials("a")) == 2


def test_a_file_that_another_holds_is_waited_for(
    begun: Begin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT", 0)
    other = sqlite3.connect(tmp_path / "sweeps.db", isolation_level=None)
    told = Told(lambda: other.execute("ROLLBACK"))
    storage = begun(tmp_path / "sweeps.db", told)
    other.execute("BEGIN IMMEDIATE")
    assert storage.plan("a", TRIAL, 1, {})
    assert ["locked" in line for line in told.lines] == [True, False]
    other.close()


def test_leases_have_their_length_again_after_an_outage(begun: Begin, tmp_path: Path) -> None:
    """Their holders could not tell that they live."""
    folder, away = tmp_path / "here", tmp_path / "away"
    storage = begun(folder / "sweeps.db", Told(lambda: away.rename(folder)))
    late, other = storage.join("a", "here", 1), storage.join("a", "there", 2)
    job = storage.claim("a", late, OVER)
    storage.close()
    folder.rename(away)
    assert job is not None and storage.claim("a", other, 600.0) is None
    assert storage.beat(late, 600.0) == {job.token}


def test_a_full_disk_is_a_line_and_nothing_is_lost(begun: Begin, tmp_path: Path) -> None:
    storage = begun(tmp_path / "sweeps.db", pytest.fail)

    def fill(connection: Any, _: Any) -> None:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")

    storage.close()
    sa.event.listen(sa.engine.Engine, "connect", fill)
    try:
        with pytest.raises(OSError, match=f"^the disk of {tmp_path} is full: nothing is lost"):
            storage.plan("a", TRIAL, 1, {"text": "x" * 100_000})
        assert len(storage.trials("a")) == 1
    finally:
        sa.event.remove(sa.engine.Engine, "connect", fill)
    storage.close()
    assert storage.plan("a", TRIAL, 1, {"text": "x" * 100_000})


@pytest.fixture(scope="module")
def postgres() -> Iterator[Server]:
    with server() as started:
        yield started


@pytest.mark.nightly
@pytest.mark.skipif(binaries() is None, reason="PostgreSQL is not installed")
class TestPostgreSQL:
    def test_a_server_that_restarts_is_waited_for(self, begun: Begin, postgres: Server) -> None:
        told = Told(postgres.start)
        storage = begun(postgres.uri, told)
        late, other = storage.join("a", "here", 1), storage.join("a", "there", 2)
        job = storage.claim("a", late, OVER)
        assert job is not None
        postgres.stop()
        assert storage.plan("a", TRIAL, 1, {})
        assert len(told.lines) == 2
        assert "can't be reached, waiting for it: " in told.lines[0]
        assert told.lines[1] == f"the storage {storage.shown} is back"
        # Others, too, know by its clock that nobody could tell: the first trial is still held.
        fresh = begun(postgres.uri, pytest.fail)
        assert [fresh.claim("a", other, 600.0).number, fresh.claim("a", other, 600.0)] == [1, None]
        assert storage.beat(late, 600.0) == {job.token}
        assert storage.finish(job.token, Result(COMPLETE, (1.0,)))

    def test_one_that_is_down_is_waited_for_a_while_and_a_wrong_address_is_not(
        self, begun: Begin, postgres: Server
    ) -> None:
        told = Told(postgres.start)
        postgres.stop()
        try:
            with pytest.raises(ValueError, match="No such file or directory"):
                open_storage(postgres.uri, pytest.fail, patience=0)
        finally:
            begun(postgres.uri, told)
        assert ["waiting for it" in line for line in told.lines] == [True, False]
        with pytest.raises(ValueError, match='database "none" does not exist'):
            open_storage(postgres.uri.replace("/postgres?", "/none?"), pytest.fail)

    def test_a_connection_that_breaks_amid_a_commit_counts_once(
        self, begun: Begin, postgres: Server
    ) -> None:
        """The server has it, and the worker never hears: it does the same again."""
        storage = begun(postgres.uri, lambda line: None)
        storage.create("b", {})
        for number in range(3):
            storage.plan("b", TRIAL, number, {})
        worker = storage.join("b", "here", 1)
        broken: list[sa.Connection] = []

        def break_once(connection: sa.Connection) -> None:
            if not broken:
                broken.append(connection)
                driver = connection.connection.driver_connection
                driver.execute("COMMIT")
                driver.close()

        sa.event.listen(sa.engine.Engine, "commit", break_once)
        try:
            job = storage.claim("b", worker, 600.0)
            assert job is not None and broken
            assert storage.beat(worker, 600.0) == {job.token}  # one job, not two
            broken.clear()
            assert storage.finish(job.token, Result(COMPLETE, (1.0,))) and broken
        finally:
            sa.event.remove(sa.engine.Engine, "commit", break_once)
        states = [trial.state for trial in storage.trials("b")]
        assert states == [COMPLETE, WAITING, WAITING]
