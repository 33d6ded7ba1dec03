"""`python -m project.serve` shows runs, refuses a port in use, and ends with all it started."""

import json
import os
import signal
import socket
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import ProxyHandler, Request, build_opener

import pytest

from project.serve import main
from tests import forks
from tests.tracking.runs import finish, log, make_run

ROOT = Path(__file__).parents[1]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def get(address: str, body: dict | None = None) -> bytes:
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    opener = build_opener(ProxyHandler({}))
    with opener.open(Request(address, data, headers), timeout=60) as response:
        return response.read()


@contextmanager
def start(*arguments: str) -> Iterator[forks.Fork]:
    """The command in a process of its own; ended, with all it started, when an assertion fails."""
    server = forks.python(["-m", "project.serve", *arguments], os.environ)
    try:
        yield server
    except BaseException:
        server.terminate()
        raise


def test_it_shows_runs_until_it_is_told_to_end(tmp_path: Path) -> None:
    exp_dir, port = tmp_path / "experiments", free_port()
    run = make_run(exp_dir)
    log(run, ({"train_loss": 0.5}, 1), ({"train_loss": 0.25}, 2))
    finish(run)
    # Both find no store, and both make one.
    sent = forks.python(["-m", "project.sync", str(run)], os.environ)
    with start("--exp-dir", str(exp_dir), "--port", str(port)) as server:
        # The server's own chatter is held back.
        address = f"http://127.0.0.1:{port}"
        said = server.stdout.readline()
        store = f"the runs in {exp_dir}/mlflow.db"
        assert said == f"{address} shows and compares {store}; Ctrl-C ends it\n"
        assert server.stdout.readline() == f"{address}/compare/mlflow shows them in MLflow's page\n"
        variables = [server.stdout.readline() for _ in range(5)][1:]
        assert [line.split("=")[0].split()[-1] for line in variables] == [
            "NEPTUNE_API_TOKEN",
            "NEPTUNE_PROJECT",
            "OAUTHLIB_INSECURE_TRANSPORT",
            "MLFLOW_TRACKING_URI",
        ]
        assert variables[-1].endswith(f"={address}\n")
        token = json.loads(b64decode(variables[0].partition("=")[2]))
        assert token["api_address"] == address
        said, _ = sent.communicate()
        assert sent.returncode == 0, said
        assert b"<html" in get(address)
        api = f"{address}/api/2.0/mlflow"
        experiment = json.loads(get(f"{api}/experiments/get-by-name?experiment_name=trial"))
        ids = {"experiment_ids": [experiment["experiment"]["experiment_id"]]}
        (found,) = json.loads(get(f"{api}/runs/search", ids))["runs"]
        run_id = found["info"]["run_id"]
        assert found["info"]["run_name"] == run.name
        history = get(f"{api}/metrics/get-history?run_id={run_id}&metric_key=train_loss")
        values = [(m["step"], m["value"]) for m in json.loads(history)["metrics"]]
        assert values == [(1, 0.5), (2, 0.25)]
        # The page shows the files through the server, from where the follower put them.
        query = f"run_uuid={run_id}&path=code.patch"
        assert get(f"{address}/get-artifact?{query}") == b"+ a line\n"

        # Not SIGINT: a job in the background of a shell ignores it.
        server.send_signal(signal.SIGTERM)
        # The pipe ends only when no process of the server holds it any more.
        assert server.communicate() == ("", None)
        assert server.returncode == 0


def test_a_port_in_use_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert main(["--exp-dir", str(tmp_path / "none"), "--port", str(port)]) == 2
    assert capsys.readouterr().err == (
        f"error: can't listen on 127.0.0.1 port {port} (Address already in use):"
        " give another --port or --host\n"
    )
    assert not (tmp_path / "none").exists()


def test_a_store_that_cannot_be_used_is_told() -> None:
    uri = "nosuch://ada:" "secret-word@host/store"
    command = ["-m", "project.serve", "--backend-store-uri", uri, "--port", str(free_port())]
    server = forks.python(command, os.environ)
    said, _ = server.communicate()
    assert said.startswith("error: the store nosuch://***@host/store can't be used: ")
    assert said.count("\n") == 1 and "secret-word" not in said
    assert server.returncode == 2


def test_every_address_needs_one_for_people(tmp_path: Path) -> None:
    arguments = ["--host", "0.0.0.0", "--port", str(free_port()), "--exp-dir", tmp_path]
    ended = forks.completed(["-m", "project.serve", *arguments])
    assert ended.returncode == 2 and ended.stderr.count("\n") == 1
    assert ended.stderr.startswith("error: --host 0.0.0.0 is every address")


@pytest.mark.parametrize("port", ["0", "65536", "http"])
def test_a_port_that_is_none(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--port", port]) == 2
    assert f"'{port}' is no port: give one from 1 to 65535" in capsys.readouterr().err


def test_a_server_needs_a_process(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--workers", "0"]) == 2
    assert "'0' is no number of processes: give one from 1 to 1000" in capsys.readouterr().err
