"""Exactly once with servers that are killed, or several, on SQLite and on PostgreSQL."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from project.server.api.context import Context
from project.server.attributes import attributes, series
from project.server.containers import creation
from project.server.ingestion import operations
from project.server.settings import LOCAL_PROJECT, Settings
from project.server.workspaces import projects
from tests import forks
from tests.compat import exactly_once
from tests.compat.postgres import binaries, postgres
from tests.forks import Fork
from tests.server.batches import CURVES, ROOT, TIME, do, log, stepless
from tests.server.conftest import Server

PREPARE = """
from project.server import settings, start
start.prepare_store(settings.Settings.from_environment())
"""
Send = Callable[[str, list[dict]], list[Any]]


class ForkedServer(exactly_once.Server):
    """One that is there again in a moment."""

    def start(self) -> None:
        with (self.folder / "server.log").open("ab") as log:
            command = ["-m", "project.serve", *self.arguments]
            self._process = forks.python(command, self._environment, log=log)
        self.await_answer()

    def client(self, argv: list[str], environment: dict[str, str]) -> Fork:
        return forks.python(argv, environment)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.mark.nightly
def test_a_server_that_is_killed_again_and_again_has_every_point_once(tmp_path: Path) -> None:
    """Two unmodified clients log meanwhile; see `tests.compat.exactly_once` for a longer trial."""
    server = ForkedServer(tmp_path, None, workers=1)
    try:
        assert exactly_once.trial(server, n=2, points=2000, kills=3) == []
    finally:
        server.kill()


@pytest.fixture(scope="module")
def postgres_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    if binaries() is None:
        pytest.skip("PostgreSQL is not installed")
    folder = tmp_path_factory.mktemp("postgres")
    with postgres() as uri:
        settings = Settings(uri, str(folder / "artifacts"), str(folder), "http://x", False)
        # In a process of its own: MLflow leaves a connection open, which is a warning here.
        environment = {**os.environ, **settings.to_environment()}
        forks.told(["-c", PREPARE], environment)
        yield settings


def sender(context: Context) -> Send:
    """Sends batches to the server that this context is of."""
    return lambda run, batch: operations.execute_operations(context, run, batch)


def test_two_servers_on_one_sqlite_store_are_as_one(
    server: Server, context_of: Callable[[Settings], Context]
) -> None:
    with httpx.Client(base_url=f"{server.url}{ROOT}", trust_env=False, timeout=60) as client:

        def other(run: str, batch: list[dict]) -> list[Any]:
            where = {"experimentId": run}
            return client.post("/attributes/operations", params=where, json=batch).json()

        context = context_of(server.settings)
        send_at_once(context, [sender(context), other])


def test_two_servers_on_one_postgresql_store_are_as_one(
    postgres_settings: Settings, context_of: Callable[[Settings], Context]
) -> None:
    contexts = [context_of(postgres_settings) for _ in range(2)]
    projects.create(contexts[0].database, *LOCAL_PROJECT)
    send_at_once(contexts[0], [sender(context) for context in contexts])


def send_at_once(context: Context, senders: list[Send]) -> None:
    """Each batch is sent several times to each server, all at once; batches may overtake others."""
    run = make_run(context)
    points = [(step, TIME - step % 3, step / 7) for step in range(300)]
    fractional = [(step / 2, time, value) for step, time, value in points]
    with ThreadPoolExecutor(8) as pool:
        for begin in range(0, 300, 30):
            batches = [
                [log("stepped", *points[i:][:10]), log("fractional", *fractional[i:][:10])]
                for i in range(begin, begin + 30, 10)
            ]
            batches.append([stepless("stepless", *range(30), at=TIME + begin)])
            batches.append(
                [stepless("log", *map(str, range(30)), at=TIME + begin, name="logStrings")]
            )
            sent = [pool.submit(send, run, b) for b in batches for send in senders for _ in (1, 2)]
            assert [answer.result() for answer in sent] == [[]] * len(sent)
    found = {name: read(context, run, name) for name in ("stepped", "fractional", "stepless")}
    assert found["stepped"] == points
    assert found["fractional"] == fractional
    assert [(s, v) for s, _, v in found["stepless"]] == [(s, s % 30) for s in range(300)]
    lines = series.get_string_values(context, "log", run)["values"]
    assert [(v["step"], v["value"]) for v in lines] == [(s, str(s % 30)) for s in range(300)]


def read(context: Context, run: str, path: str) -> list[tuple[float, int, float]]:
    """All points of a curve."""
    found = series.get_float_values(context, path, run)["values"]
    return [(v["step"], v["timestampMillis"], v["value"]) for v in found]


@pytest.mark.nightly
@pytest.mark.parametrize("name", CURVES)
def test_postgresql_keeps_every_curve(
    name: str, postgres_settings: Settings, context_of: Callable[[Settings], Context]
) -> None:
    context, curve = context_of(postgres_settings), CURVES[name]
    projects.create(context.database, *LOCAL_PROJECT)
    run = make_run(context)
    for start in (1, 0, 1):  # every other point, the ones between, and the first ones again
        assert sender(context)(run, [log("curve", *curve[start::2])]) == []
    assert read(context, run, "curve") == curve
    page = series.get_float_values(context, "curve", run, limit=5, offset=3)
    assert page["totalItemCount"] == len(curve)
    assert [v["value"] for v in page["values"]] == [value for _, _, value in curve[3:8]]
    sender(context)(run, [do("curve", "clearFloatSeries"), stepless("curve", 1.0)])
    assert read(context, run, "curve") == [(0, TIME, 1.0)]


@pytest.mark.nightly
def test_postgresql_keeps_every_kind_of_value(
    postgres_settings: Settings, context_of: Callable[[Settings], Context]
) -> None:
    context = context_of(postgres_settings)
    projects.create(context.database, *LOCAL_PROJECT)
    run = make_run(context)
    values = {
        "assignInt": -(2**63),
        "assignFloat": 5e-324,
        "assignBool": True,
        "assignString": "\U0001f600 %s ' \" \\" * 10_000,
    }
    batch = [do(name, name, value=value) for name, value in values.items()]
    batch += [do("ä" * 512, "assignInt", value=1), do("sys/tags", "insertStrings", values=["a"])]
    wrong = [do("ä" * 513, "assignInt", value=1), do("x", "assignString", value="\0")]
    assert len(sender(context)(run, [*batch, *wrong])) == 2
    found = attributes.get_all(context, run)["attributes"]
    read = {a["name"]: a[f"{a['type']}Properties"].get("value") for a in found}
    assert {name: read[name] for name in values} == values
    assert sender(context)(run, [do(name, "deleteAttribute") for name in values]) == []


def make_run(context: Context) -> str:
    """The id of a new run."""
    return creation.create_experiment(
        context, {"projectIdentifier": "/".join(LOCAL_PROJECT), "type": "run"}
    )["id"]
