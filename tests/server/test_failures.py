"""Clients that vanish and a database that is away: an answer, and a line in the log at most."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from project.databases.faults import is_away
from project.server import app
from project.server.api import failures
from project.server.auth.gate import WEBSOCKETS, protect
from project.server.store.database import Database
from tests.server.conftest import settings_of

BODIES = [
    ("POST", "/api/leaderboard/v1/attributes/operations"),
    ("POST", "/api/leaderboard/v1/attributes/storage/file/upload"),
    ("POST", "/api/backend/v1/authorization/protocol/openid-connect/token"),
    ("PUT", "/api/2.0/mlflow-artifacts/artifacts/0/x/artifacts/a.txt"),
    ("POST", "/api/2.0/mlflow/runs/create"),
]


@pytest.mark.parametrize("method, path", BODIES)
def test_a_client_that_vanishes_amid_its_request_is_no_error(
    application: Any, method: str, path: str
) -> None:
    scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode()}
    scope |= {"query_string": b"experimentId=x", "headers": [(b"host", b"testserver")]}
    scope |= {"root_path": "", "scheme": "http", "http_version": "1.1", "client": ("c", 1)}
    scope |= {"server": ("testserver", 80)}
    coming = iter([{"type": "http.request", "body": b"[{", "more_body": True}])

    async def receive() -> dict[str, Any]:
        return next(coming, {"type": "http.disconnect"})

    async def send(message: dict[str, Any]) -> None:
        pass

    asyncio.run(application(scope, receive, send))


def test_mlflows_stores_are_open_before_a_request_that_may_find_the_database_away(
    application: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow.server import handlers

    stores = ("_tracking_store", "_model_registry_store")
    for name in stores:
        monkeypatch.setattr(handlers, name, None)
    app.create()
    assert None not in [getattr(handlers, name) for name in stores]


class Away:
    """An application over a store that can be put out of its reach."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "store"
        self.folder.mkdir()
        self.database = Database(f"sqlite:///{self.folder}/mlflow.db")
        app = FastAPI()
        app.state.database = self.database
        app.state.settings = settings_of(self.folder, "http://testserver")
        app.router.routes[:] = [
            *failures.routes(),
            Route("/count", self._count),
            WebSocketRoute(f"{WEBSOCKETS}count", self._told),
        ]
        failures.handle(app)
        self.app, self.client = app, TestClient(protect(app))

    def move(self) -> None:
        """Put it out of reach, or back."""
        self.database.close()  # or a connection would still have the file
        away = self.folder.with_name("away")
        away.rename(self.folder) if away.exists() else self.folder.rename(away)

    async def _count(self, request: Request) -> PlainTextResponse:
        with self.database.read() as connection:
            query = sa.text(f"SELECT count(*) FROM {request.query_params['table']}")
            return PlainTextResponse(str(connection.execute(query).scalar()))

    async def _told(self, websocket: WebSocket) -> None:
        with self.database.read() as connection:
            connection.execute(sa.select(1))
        await websocket.accept()


@pytest.fixture
def away(tmp_path: Path) -> Iterator[Away]:
    made = Away(tmp_path)
    with made.database, made.client:
        yield made
    logging.getLogger("mlflow.server.handlers").filters.pop()


def test_a_database_that_is_away_is_503_and_a_line_until_it_is_back(
    away: Away, caplog: pytest.LogCaptureFixture
) -> None:
    path = "/count?table=neptune_accounts"
    assert (away.client.get(path).text, away.client.get("/health").text) == ("0", "OK")
    away.move()
    for _ in range(3):
        refused, health = away.client.get(path), away.client.get("/health")
        assert (refused.status_code, refused.json()["errorType"]) == (503, "SERVICE_UNAVAILABLE")
        assert refused.json()["error_code"] == "TEMPORARILY_UNAVAILABLE"  # as MLflow's client reads
        assert (health.status_code, health.text) == (503, "the database can't be reached")
        with pytest.raises(WebSocketDisconnect) as closed:
            away.client.websocket_connect(f"{WEBSOCKETS}count").__enter__()
        assert closed.value.code == failures.TRY_AGAIN
    assert [record.levelname for record in caplog.records if "project" in record.name] == [
        "WARNING"
    ]
    away.move()
    assert (away.client.get("/health").text, away.client.get(path).text) == ("OK", "0")
    assert caplog.records[-1].message == "the database is back"


def test_whose_account_it_is_is_asked_of_the_same_database(away: Away) -> None:
    away.app.state.settings = replace(away.app.state.settings, accounts=True)
    login = {"Authorization": "Bearer key"}
    assert away.client.get("/count?table=neptune_accounts", headers=login).status_code == 401
    away.move()
    assert away.client.get("/count?table=neptune_accounts", headers=login).status_code == 503
    away.move()


def test_a_question_that_is_wrong_is_not_taken_for_an_outage(away: Away) -> None:
    with pytest.raises(sa.exc.OperationalError, match="no such table"):
        away.client.get("/count?table=nowhere")


def test_mlflows_own_words_on_an_outage_stay_out_of_the_log(away: Away) -> None:
    news = logging.getLogger("mlflow.server.handlers").filters[-1]

    def is_news(text: str) -> bool:
        return bool(news.filter(logging.makeLogRecord({"msg": f"Error in _search: {text}"})))

    assert is_news("(psycopg.OperationalError) of another kind")
    away.move()
    assert not is_news("(psycopg.OperationalError) connection refused")
    assert is_news("KeyError: 'x'")
    away.move()


class _Driver(Exception):
    def __init__(self, sqlstate: str | None) -> None:
        super().__init__("no connection")
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    "state, expected",
    [(None, True), ("08006", True), ("57P01", True), ("53300", True), ("42P01", False)],
)
def test_postgresqls_reasons(state: str | None, expected: bool) -> None:
    assert is_away(sa.exc.OperationalError("SELECT 1", {}, _Driver(state))) is expected
