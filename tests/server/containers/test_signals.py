"""Stop and abort, from a person to the unmodified client in another process."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
from starlette.websockets import WebSocketDisconnect

from project.server.api.access import Account, Role
from project.server.containers import signals
from project.server.containers.liveness import QUIET, Watch
from project.server.containers.states import CLOSING
from project.server.errors import ApiError
from project.server.settings import Settings

ROOT = Path(__file__).parents[3]
API = "/api/leaderboard/v1"


def make(client: Any, type_: str = "run", **fields: Any) -> dict[str, Any]:
    body = {"projectIdentifier": "local/runs", "type": type_, **fields}
    return client.post(f"{API}/experiments", json=body).json()


def give(client: Any, run: dict[str, Any], **body: Any) -> Any:
    return client.post(f"/api/project/v1/runs/{run['id']}/signal", json=body)


def websocket(client: Any, project: str, run: str) -> Any:
    return client.websocket_connect(f"/api/notifications/v1/runs/{project}/{run}/signal")


def next_signal(socket: Any) -> dict[str, Any]:
    """The next message that is no heartbeat."""
    while not (message := socket.receive_text()):
        pass
    return json.loads(message)


def test_a_signal_reaches_every_process_of_the_run(client: Any) -> None:
    run = make(client)
    project = run["projectId"]
    with websocket(client, project, run["id"]) as one, websocket(client, project, run["id"]) as two:
        assert one.receive_text() == two.receive_text() == ""
        assert give(client, run, type="stop", seconds=5).json()["type"] == "stop"
        expected = {"type": "neptune/stop", "body": {"seconds": 5}}
        assert next_signal(one) == next_signal(two) == expected
        give(client, run, type="abort", seconds=0.5)
        expected = {"type": "neptune/abort", "body": {"seconds": 0.5}}
        assert next_signal(one) == next_signal(two) == expected
        # What was told is not told to one that connects later.
        with websocket(client, project, run["id"]) as late:
            assert late.receive_text() == ""
            give(client, run, type="stop", seconds=7)
            assert next_signal(late)["body"] == {"seconds": 7}


def test_a_signal_waits_for_a_client_that_reconnects(client: Any) -> None:
    run = make(client)
    give(client, run, type="stop", seconds=5)
    with websocket(client, run["projectId"], run["id"]) as socket:
        assert next_signal(socket)["type"] == "neptune/stop"


def test_a_client_may_leave_a_run_that_was_deleted_meanwhile(client: Any) -> None:
    run = make(client)
    with websocket(client, run["projectId"], run["id"]) as socket:
        assert socket.receive_text() == ""
        for action in ("trash", "trash/delete"):
            asked = {"projectIdentifier": run["projectId"]}
            done = client.post(f"{API}/experiments/{action}", params=asked, json=[run["id"]])
            assert done.json()["updatedExperimentIdentifiers"], done.text


def test_a_signal_does_not_outlive_the_run_it_was_for(client: Any, context_of: Any) -> None:
    run = make(client)
    give(client, run, type="stop", seconds=5)
    watch = Watch(context_of(Settings.from_environment()).database)
    client.post(f"{API}/attributes/ping?experimentId={run['id']}")
    for _ in range(100):
        watch.look()
    refused = give(client, run, type="stop", seconds=5)
    assert (refused.status_code, refused.json()["errorType"]) == (409, "ALREADY_FINISHED")
    with websocket(client, run["projectId"], run["id"]) as socket:
        assert socket.receive_text() == ""
        give(client, run, type="abort", seconds=1)
        assert next_signal(socket)["type"] == "neptune/abort"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"type": "kill"},
        {"type": None},
        {"type": 1},
        {"type": "stop", "seconds": "5"},
        {"type": "stop", "seconds": True},
        {"type": "stop", "seconds": -1},
        {"type": "stop", "seconds": 1e300},
        {"type": "stop", "seconds": None},
        {"type": "stop", "seconds": [5]},
    ],
)
def test_what_is_no_signal_is_refused(client: Any, body: dict[str, Any]) -> None:
    assert give(client, make(client), **body).status_code == 400


@pytest.mark.parametrize("body", ["[]", "3", "null", '"stop"', "{", ""])
def test_a_malformed_body_is_refused(client: Any, body: str) -> None:
    run = make(client)
    answer = client.post(f"/api/project/v1/runs/{run['id']}/signal", content=body)
    assert answer.status_code == 400


def test_models_and_strangers_get_no_signals(client: Any, context_of: Any) -> None:
    run, model = make(client), make(client, "model", key=f"K{uuid.uuid4().hex[:8].upper()}")
    assert give(client, model, type="stop").status_code == 409
    assert give(client, {"id": "nothing"}, type="stop").status_code == 404
    for account, status in (
        (Account("v", roles={run["projectId"]: Role.VIEWER}), 403),
        (Account("s"), 404),
    ):
        with pytest.raises(ApiError) as refused:
            context = context_of(Settings.from_environment(), account)
            signals.give(context, run["id"], {"type": "stop"})
        assert refused.value.status == status


@pytest.mark.parametrize("project, run", [(None, "nothing"), ("nothing", None)])
def test_a_websocket_of_no_run_is_refused(
    client: Any, project: str | None, run: str | None
) -> None:
    made = make(client)
    with pytest.raises(WebSocketDisconnect):
        with websocket(client, project or made["projectId"], run or made["id"]):
            pass


CLIENT = """
import signal, time, neptune
run = neptune.init_run(capture_hardware_metrics=False, capture_stdout=False,
                       capture_stderr=False, source_files=[], git_ref=False)
print("run", run._id, run["sys/id"].fetch(), flush=True)
step = 0
try:
    while True:
        run["curve"].append(step, step=step)
        step += 1
        time.sleep(0.01)
except neptune.exceptions.InactiveRunException:
    signal.pause()  # the client has stopped the run, and is about to end the process
"""


def begin(script: Any) -> tuple[subprocess.Popen[str], str, str]:
    """A client that logs for ever: its process, the run's id and its short id."""
    process = script(CLIENT)
    for line in process.stdout:
        if line.startswith("run "):
            return process, *line.split()[1:]
    raise AssertionError("the client has ended")


def test_stop_and_abort_end_the_real_client(server: Any, script: Any, context_of: Any) -> None:
    stopped, stopped_id, short_id = begin(script)
    aborted, aborted_id, _ = begin(script)
    command = [sys.executable, "-m", "project.server.stop", short_id, "--seconds", "30"]
    environment = {"PYTHONPATH": str(ROOT), "PATH": "", **server.environment}
    said = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=ROOT)
    assert (said.returncode, said.stdout) == (0, f"{short_id} will be told to stop\n"), said
    # As another worker, which does not hold the client's websocket.
    signals.give(context_of(server.settings), aborted_id, {"type": "abort", "seconds": 30})
    # The client ends its own process so.
    assert [stopped.wait(), aborted.wait()] == [-signal.SIGTERM] * 2
    output = stopped.stdout.read(), aborted.stdout.read()
    assert "received stop signal" in output[0] and "received abort signal" in output[1]
    watch = Watch(context_of(server.settings).database)
    for _ in range(QUIET[CLOSING] + 1):
        watch.look()
    store = SqlAlchemyStore(server.settings.store, "mlflow-artifacts:/")
    runs = [store.get_run(id_.replace("-", "")) for id_ in (stopped_id, aborted_id)]
    points = store.get_metric_history(runs[0].info.run_id, "curve")
    store.engine.dispose()
    assert [run.data.tags["status"] for run in runs] == ["finished", "failed"]
    assert [run.info.status for run in runs] == ["FINISHED", "FAILED"]
    # All that was logged before the end has come, in order.
    assert [point.value for point in points] == [point.step for point in points]
    assert [point.step for point in points] == list(range(len(points)))
    said = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=ROOT)
    assert (said.returncode, said.stderr) == (
        2,
        f"error: {server.url} answers: {short_id} is not running\n",
    )


@pytest.mark.parametrize("token", ["", "x", "e30=", "bnVsbA=="])
def test_a_wrong_token_is_named_and_not_shown(token: str, tmp_path: Path) -> None:
    environment = {"PYTHONPATH": str(ROOT), "PATH": "", "NEPTUNE_API_TOKEN": token}
    command = [sys.executable, "-m", "project.server.stop", "RUN-1"]
    said = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=tmp_path)
    assert said.returncode == 2
    assert said.stderr == "error: NEPTUNE_API_TOKEN is no token: copy it from the server\n"
