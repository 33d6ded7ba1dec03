"""How a run ends, as seen by the one who watches: finished, failed, interrupted or lost."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

from project.server.containers import liveness
from project.server.containers.liveness import QUIET, Watch
from project.server.containers.states import CLOSING, CONNECTED, GOODBYE
from project.server.settings import Settings
from project.server.store.database import Database
from project.server.store.tables import containers

ROOT = "/api/leaderboard/v1"
LONG, SHORT = QUIET[CONNECTED] + 1, QUIET[CLOSING] + 1


class Run:
    """A run over the API, as a client and as both views see it."""

    def __init__(
        self, client: Any, store: SqlAlchemyStore, type_: str = "run", custom_id: str | None = None
    ) -> None:
        self.client, self._store = client, store
        body = {"projectIdentifier": "local/runs", "type": type_, "customId": custom_id}
        key = {"key": f"K{uuid.uuid4().hex[:8].upper()}"} if type_ == "model" else {}
        made = client.post(f"{ROOT}/experiments", json=body | key).json()
        self.id, self.project_id = made["id"], made["projectId"]

    def ping(self) -> None:
        answer = self.client.post(f"{ROOT}/attributes/ping?experimentId={self.id}")
        assert answer.status_code == 200

    def websocket(self) -> Any:
        path = f"/api/notifications/v1/runs/{self.project_id}/{self.id}/signal"
        return self.client.websocket_connect(path)

    def watched(self) -> None:
        """Open the websocket, which then is cut."""
        with self.websocket() as socket:
            socket.receive_text()
            socket.close(1006)

    def stop(self) -> None:
        """Say hello and goodbye, as `stop()` does."""
        with self.websocket() as socket:
            socket.receive_text()
            socket.close(1000)

    def assign(self, path: str, operation: str, value: Any) -> None:
        address = f"{ROOT}/attributes/operations?experimentId={self.id}"
        answer = self.client.post(address, json=[{"path": path, operation: {"value": value}}])
        assert answer.json() == []

    def print(self, line: str) -> None:
        """Print what the client captures."""
        address = f"{ROOT}/attributes/operations?experimentId={self.id}"
        entries = {"entries": [{"value": line, "timestampMilliseconds": 1_700_000_000_000}]}
        body = [{"path": "monitoring/1a2b3c4d/stdout", "logStrings": entries}]
        assert self.client.post(address, json=body).json() == []

    def seen(self) -> tuple[str, Any, str, str]:
        """`sys/state`, `sys/failed`, MLflow's status and its tag."""
        address = f"{ROOT}/attributes?experimentId={self.id}"
        found = {a["name"]: a for a in self.client.get(address).json()["attributes"]}
        failed = found.get("sys/failed", {}).get("boolProperties", {}).get("value")
        state = found["sys/state"]["experimentStateProperties"]["value"]
        run = self.in_mlflow()
        assert (run.info.end_time is None) == (run.info.status == "RUNNING")
        return state, failed, run.info.status, run.data.tags["status"]

    def in_mlflow(self) -> Any:
        return self._store.get_run(self.id.replace("-", ""))


ALIVE = ("running", False, "RUNNING", "running")
FINISHED = ("idle", False, "FINISHED", "finished")
FAILED = ("idle", True, "FAILED", "failed")
LOST = ("idle", True, "FAILED", "lost")
UNKNOWN = ("idle", False, "KILLED", "unknown")


@pytest.fixture(scope="module")
def store(application: Any) -> Iterator[SqlAlchemyStore]:
    """MLflow's own view of the application's store."""
    made = SqlAlchemyStore(Settings.from_environment().store, "mlflow-artifacts:/")
    yield made
    made.engine.dispose()


@pytest.fixture
def database(application: Any, context_of: Any) -> Database:
    """The application's store, as another worker has it; nothing runs there yet."""
    made = context_of(Settings.from_environment()).database
    with made.write() as connection:
        connection.execute(containers.update().values(state="finished"))
    return made


@pytest.fixture
def run(client: Any, store: SqlAlchemyStore, database: Database) -> Run:
    """A run that was just made."""
    return Run(client, store)


def look(watch: Watch, times: int, between: Callable[[], None] = lambda: None) -> None:
    for _ in range(times):
        watch.look()
        between()


def test_a_run_that_pings_goes_on(run: Run, database: Database) -> None:
    look(Watch(database), 2 * LONG, run.ping)
    assert run.seen() == ALIVE


def test_a_run_that_writes_goes_on(run: Run, database: Database) -> None:
    run.ping()
    look(Watch(database), 2 * LONG, lambda: run.assign("x", "assignFloat", 1))
    assert run.seen() == ALIVE


def test_a_run_without_a_websocket_that_falls_silent_is_neither_lost_nor_finished(
    run: Run, database: Database
) -> None:
    run.ping()
    watch = Watch(database)
    look(watch, LONG)
    assert run.seen() == UNKNOWN
    run.assign("sys/failed", "assignBool", True)
    assert run.seen() == FAILED
    run.ping()  # by whoever corrects it
    run.ping()
    look(watch, LONG)
    assert run.seen() == FAILED


def test_a_goodbye_that_no_server_was_there_to_hear_is_not_missed(
    run: Run, database: Database
) -> None:
    with run.websocket() as socket:
        socket.receive_text()
        socket.close(1012)  # as the server itself does when it ends
    watch = Watch(database)
    look(watch, LONG)
    assert run.seen() == UNKNOWN
    run.watched()  # the client was there still, and is killed later
    look(watch, LONG)
    assert run.seen() == LOST


def test_a_run_without_a_websocket_is_running_as_soon_as_it_pings_again(
    run: Run, database: Database
) -> None:
    run.ping()
    look(Watch(database), LONG)
    run.ping()
    assert run.seen() == ALIVE


@pytest.mark.parametrize("blocked", [True, False])
def test_what_the_client_prints_as_it_stops_is_a_goodbye(
    run: Run, database: Database, blocked: bool
) -> None:
    if not blocked:  # the server was away as the websocket was closed
        run.watched()
    run.ping()
    watch = Watch(database)
    run.print("epoch 1\n")
    look(watch, SHORT)
    assert run.seen() == ALIVE
    run.print(f"[neptune] [info   ] {GOODBYE}\n")
    look(watch, SHORT)
    assert run.seen() == FINISHED


def test_a_run_of_our_own_that_does_not_tell_its_end_is_lost(
    client: Any, store: SqlAlchemyStore, database: Database
) -> None:
    run = Run(client, store, custom_id="20231114-221320-lost")
    run.ping()
    look(Watch(database), LONG)
    assert run.seen() == LOST


def test_a_run_whose_pings_stop_is_lost_until_they_come_again(run: Run, database: Database) -> None:
    run.watched()
    run.ping()
    watch = Watch(database)
    look(watch, LONG - 1)
    assert run.seen() == ALIVE
    look(watch, 1)
    assert run.seen() == LOST
    look(watch, LONG)
    run.ping()
    assert run.seen() == ALIVE
    look(watch, LONG)
    assert run.seen() == LOST


def test_a_run_that_failed_and_fell_silent_has_failed(run: Run, database: Database) -> None:
    run.ping()
    run.assign("sys/failed", "assignBool", True)
    look(Watch(database), LONG)
    assert run.seen() == FAILED


def test_a_run_that_says_goodbye_has_finished_soon(run: Run, database: Database) -> None:
    run.ping()
    run.stop()
    assert run.seen() == ALIVE
    look(Watch(database), SHORT)
    assert run.seen() == FINISHED


def test_what_a_client_still_sends_after_its_goodbye_is_waited_for(
    run: Run, database: Database
) -> None:
    run.stop()
    watch = Watch(database)
    look(watch, 3 * SHORT, lambda: run.assign("x", "assignFloat", 1))
    assert run.seen() == ALIVE
    look(watch, SHORT)
    assert run.seen() == FINISHED


def test_failed_may_come_after_the_goodbye_and_after_the_end(run: Run, database: Database) -> None:
    run.stop()
    look(Watch(database), SHORT)
    run.assign("sys/failed", "assignBool", True)
    assert run.seen() == FAILED
    run.assign("sys/failed", "assignBool", False)
    assert run.seen() == FINISHED


@pytest.mark.parametrize(
    "status, expected",
    [
        ("finished", FINISHED),
        ("failed", ("idle", True, "FAILED", "failed")),
        ("interrupted", ("idle", True, "KILLED", "interrupted")),
        ("lost", ("idle", True, "FAILED", "lost")),
    ],
)
def test_what_our_own_tracker_says_counts(
    run: Run, database: Database, status: str, expected: tuple[Any, ...]
) -> None:
    run.assign("result/status", "assignString", status)
    run.assign("sys/failed", "assignBool", status != "finished")
    run.stop()
    look(Watch(database), SHORT)
    assert run.seen() == expected


def test_mlflow_shows_when_our_own_run_took_place_whenever_it_was_sent(
    client: Any, store: SqlAlchemyStore, database: Database
) -> None:
    run = Run(client, store, custom_id="20231114-221320-0000")
    run.assign("run/created", "assignString", "2023-11-14T22:13:20.5+00:00")
    run.assign("result/ended", "assignString", "2023-11-15T00:13:21+02:00")
    run.stop()
    look(Watch(database), SHORT)
    info = run.in_mlflow().info
    assert (info.start_time, info.end_time) == (1_700_000_000_500, 1_700_000_001_000)


@pytest.mark.parametrize("text", ["soon", "2023-11-14T22:13:20"])
def test_a_moment_that_is_none_is_left_alone(
    client: Any, store: SqlAlchemyStore, database: Database, text: str
) -> None:
    run = Run(client, store, custom_id=f"20231114-221320-{text[-4:]}".replace(":", "0"))
    before = run.in_mlflow().info.start_time
    run.assign("run/created", "assignString", text)
    run.assign("result/ended", "assignFloat", 1)
    run.stop()
    look(Watch(database), SHORT)
    assert (run.seen(), run.in_mlflow().info.start_time) == (FINISHED, before)


def test_a_cut_connection_is_no_goodbye(run: Run, database: Database) -> None:
    run.watched()
    watch = Watch(database)
    look(watch, SHORT)
    assert run.seen() == ALIVE
    look(watch, LONG)
    assert run.seen() == LOST
    # The network is back: the client connects again.
    with run.websocket() as socket:
        socket.receive_text()
        assert run.seen() == ALIVE


def test_one_ping_under_way_does_not_begin_the_run_again(run: Run, database: Database) -> None:
    run.stop()
    look(Watch(database), SHORT)
    run.ping()
    assert run.seen() == FINISHED
    run.ping()
    assert run.seen() == ALIVE


def test_a_run_that_never_was_watched_has_finished(run: Run, database: Database) -> None:
    # As `neptune sync` sends it.
    run.assign("x", "assignFloat", 1)
    look(Watch(database), LONG)
    assert run.seen() == FINISHED


def test_another_process_in_the_same_run_keeps_it_running(run: Run, database: Database) -> None:
    watch = Watch(database)
    with run.websocket() as other:
        other.receive_text()
        run.stop()
        state = sa.select(containers.c.state).where(containers.c.id == run.id)
        while True:  # until the other's handler, which asks every second, has noticed
            with database.read() as connection:
                if connection.execute(state).scalar_one() == CONNECTED:
                    break
        look(watch, SHORT)
        assert run.seen() == ALIVE


def test_models_that_fall_silent_have_finished(
    client: Any, store: SqlAlchemyStore, database: Database
) -> None:
    model = Run(client, store, "model")
    model.ping()
    look(Watch(database), LONG)
    assert model.seen() == ("idle", None, "FINISHED", "finished")
    model.ping()
    model.ping()
    assert model.seen() == ("running", None, "RUNNING", "running")


def test_clocks_that_jump_end_nothing_and_count_nothing(
    run: Run, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    day, now = 86_400 * 10**9, 1_800_000_000 * 10**9
    times = iter([now, now + 10 * 10**9, now + day, now - day, now - day + 10 * 10**9])
    monkeypatch.setattr("time.time_ns", lambda: next(times))
    watch = Watch(database)
    for _ in range(5):
        run.ping()
        look(watch, LONG - 2)
    monkeypatch.undo()
    assert run.seen() == ALIVE
    address = f"{ROOT}/attributes/floats?experimentId={run.id}&attribute=sys/running_time"
    # 10 s, a jump of a day counted as 30 s at most, a jump back, 10 s.
    assert run.client.get(address).json()["value"] == 10 + 30 + 0 + 10


def test_two_workers_that_watch_agree(run: Run, database: Database, context_of: Any) -> None:
    run.watched()
    run.ping()
    other = context_of(Settings.from_environment()).database
    first, second = Watch(database), Watch(other)
    for _ in range(LONG):
        first.look()
        second.look()
    assert run.seen() == LOST
    run.ping()
    second.look()
    assert run.seen() == ALIVE


def test_a_server_that_starts_again_waits_anew(run: Run, database: Database) -> None:
    run.ping()
    look(Watch(database), LONG - 1)
    look(Watch(database), LONG - 1)
    assert run.seen() == ALIVE


CLIENT = """
import signal, sys, neptune
run = neptune.init_run(capture_hardware_metrics=False, capture_stdout=False,
                       capture_stderr=False, source_files=[], git_ref=False)
run["x"] = 1
run.wait()
print("run", run._id, flush=True)
if sys.argv[1] == "raise":
    raise RuntimeError("on purpose")
if sys.argv[1] == "kill":
    signal.pause()
"""


def test_ends_of_the_real_client(server: Any, script: Any, context_of: Any) -> None:
    ways = ("exit", "raise", "kill")
    processes = [script(CLIENT, way) for way in ways]
    ids = []
    for process in processes:
        ids.append(next(x.split()[1] for x in process.stdout if x.startswith("run ")))
    database = context_of(server.settings).database
    state = sa.select(containers.c.state).where(containers.c.id == ids[-1])
    connected = False
    while not connected:  # the client does so beside all else
        with database.read() as connection:
            connected = connection.execute(state).scalar_one() == CONNECTED
    processes[-1].kill()
    for process in processes:
        process.communicate()
    watch = Watch(database)
    look(watch, LONG)
    store = SqlAlchemyStore(server.settings.store, "mlflow-artifacts:/")
    runs = [store.get_run(id_.replace("-", "")) for id_ in ids]
    store.engine.dispose()
    assert [run.info.status for run in runs] == ["FINISHED", "FAILED", "FAILED"]
    assert [run.data.tags["status"] for run in runs] == ["finished", "failed", "lost"]


def test_the_watch_is_one_of_the_servers_tasks() -> None:
    from project.server import app

    assert "containers.liveness" in app.TASKS
    assert liveness.PERIOD * QUIET[CONNECTED] > 3 * 10  # three pings of a client may be missed
