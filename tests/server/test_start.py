"""The server's start: stores that can't be used, signals while it starts, and what it tells."""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

from project.server import announcement, start
from project.server.containers import signals
from project.server.settings import Settings
from project.server.store.outage import Outage
from project.tracking.follower import Follower
from project.tracking.mlflow.fetch import fetch
from project.tracking.mlflow.settings import bounded
from tests.server.conftest import free_port
from tests.tracking.runs import finish, make_run

ROOT = Path(__file__).parents[2]
UNKNOWN = "ffffffffffff"
OLD = "3500859a5d39"  # of MLflow's migrations, one from the middle


@pytest.fixture
def store(fresh_store: Path, tmp_path: Path) -> Callable[[str], Path]:
    """Makes the tables of another version of MLflow."""

    def make(revision: str) -> Path:
        (tmp_path / "experiments").mkdir()
        path = Path(shutil.copy(fresh_store, tmp_path / "experiments"))
        with closing(sqlite3.connect(path)) as database, database:
            database.execute("UPDATE alembic_version SET version_num = ?", [revision])
        return path

    return make


@pytest.fixture(autouse=True)
def engines() -> Any:
    """MLflow keeps those of stores that it then refuses."""
    yield
    for uri in [uri for uri in SqlAlchemyStore._engine_map if "/experiments/" in uri]:
        SqlAlchemyStore._engine_map.pop(uri).dispose()


def refused(store: str) -> str:
    with pytest.raises(ValueError) as error:
        start.prepare_store(Settings(store, "", "", "", True))
    return str(error.value)


def test_a_store_of_a_newer_mlflow_is_told_as_such(store: Callable[[str], Path]) -> None:
    path = store(UNKNOWN)
    assert "newer MLflow" in (said := refused(f"sqlite:///{path}"))
    assert f"(revision {UNKNOWN})" in said and "mlflow db upgrade" not in said
    # One that lacks a table that the installed one knows would be migrated, which fails in Alembic.
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("DROP TABLE webhook_events")
    assert "newer MLflow" in refused(f"sqlite:///{path}")


def test_a_store_of_an_older_mlflow_is_to_be_migrated(store: Callable[[str], Path]) -> None:
    said = refused(f"sqlite:///{store(OLD)}")
    assert "of an older MLflow" in said and "mlflow db upgrade" in said


def test_a_follower_gives_the_same_advice(store: Callable[[str], Path]) -> None:
    run = make_run(store(UNKNOWN).parent)
    finish(run)
    with Follower(run, "mlflow") as follower, pytest.raises(ValueError, match="newer MLflow"):
        follower.catch_up(ended=True)
    # So does whoever looks there for a run whose directory is gone.
    with pytest.raises(ValueError, match="newer MLflow"):
        fetch("0" * 32, run, run.parents[1], None)


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> str:
    """A PostgreSQL that is not there; whoever then waits to try again fails."""

    def sleep(seconds: float) -> None:
        raise AssertionError(f"waits for {seconds} s")

    monkeypatch.setattr(time, "sleep", sleep)
    return "postgresql+psycopg://ada:" f"secret-word@127.0.0.1:{free_port()}/runs"


def test_a_database_that_is_not_there_is_told_at_once(nowhere: str) -> None:
    said = refused(nowhere)
    assert "can't be used: connection failed" in said and "refused" in said
    assert "\n" not in said and "secret-word" not in said


def test_a_follower_does_not_wait_for_it_either(
    nowhere: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", nowhere)
    run = make_run(tmp_path)
    finish(run)
    with Follower(run, "mlflow") as follower, pytest.raises(sa.exc.OperationalError):
        follower.catch_up(ended=True)


def test_a_database_that_is_silent_is_given_up() -> None:
    patience = "connect_timeout=5&tcp_user_timeout=15000"
    assert bounded("postgresql://host/runs") == f"postgresql://host/runs?{patience}"
    given = "postgresql+psycopg://host/runs?connect_timeout=60&sslmode=require"
    assert bounded(given) == f"{given}&tcp_user_timeout=15000"
    for uri in ("sqlite:////a/mlflow.db", "postgresql+pg8000://host/runs", "https://runs.org"):
        assert bounded(uri) == uri


INTERRUPTED = """
import signal, sys, types
from project import serve

def start(arguments):
    try:
        signal.raise_signal(signal.{signal})
    except KeyboardInterrupt as error:  # as some libraries do amid their imports
        raise RuntimeError("half imported") from error

sys.modules["project.server.start"] = types.SimpleNamespace(start=start)
sys.exit(serve.main([]))
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_while_it_starts_ends_it_without_a_word(name: str) -> None:
    command = [sys.executable, "-c", INTERRUPTED.format(signal=name)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_terminals_signal_is_heard_by_the_first_process_alone() -> None:
    heard = []
    former = signal.signal(signal.SIGINT, lambda *_: heard.append("here"))
    try:
        with start.heard_alone(signal.SIGINT):
            code = "import signal; print(signal.pthread_sigmask(signal.SIG_BLOCK, []))"
            child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
            os.kill(os.getpid(), signal.SIGINT)
            for _ in range(1000):
                if heard:
                    break
                time.sleep(0.01)
    finally:
        signal.signal(signal.SIGINT, former)
    assert "SIGINT" in child.stdout and heard == ["here"]


def test_a_server_that_has_ended_before_is_not_announced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = argparse.Namespace(host="127.0.0.1", port=free_port(), ssl_certfile=None)
    settings = Settings("", "", str(tmp_path), "http://127.0.0.1", False)
    announcement.announce(arguments, settings, None)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    "url, warned",
    [
        ("http://127.0.0.1:5000", False),
        ("http://localhost:5000", False),
        ("https://runs.example.org", False),
        ("http://runs.example.org", True),
        ("http://10.0.0.5:5000", True),
    ],
)
def test_keys_that_travel_in_clear_are_warned_of(url: str, warned: bool) -> None:
    assert ("travel in clear" in (announcement.warning(url) or "")) is warned


def test_a_websocket_outlives_a_database_that_is_away() -> None:
    context = SimpleNamespace(database=SimpleNamespace(outage=Outage()))

    def fails(text: str) -> None:
        raise sa.exc.OperationalError("SELECT 1", {}, sqlite3.OperationalError(text))

    assert asyncio.run(signals._done(context, fails, "unable to open database file")) is False
    with pytest.raises(sa.exc.OperationalError):
        asyncio.run(signals._done(context, fails, "no such table: runs"))
    assert asyncio.run(signals._done(context, lambda: None)) is True
