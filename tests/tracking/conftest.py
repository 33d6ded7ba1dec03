"""What tests of Neptune share: the real server, the client in a process of its own, and a run."""

import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.tracking.neptune_client import OUTCOME, RECORD, Client, Sent
from tests.tracking.neptune_server import Server

NUMBERS = count()


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server for all tests of this worker; each makes a run of its own there."""
    with Server(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture
def server(running: Server) -> Iterator[Server]:
    """The server, all of whose paths work at the beginning."""
    yield running
    running.broken()


@pytest.fixture
def coming(tmp_path: Path) -> Iterator[Server]:
    """A server that is not there yet: its port refuses connections."""
    server = Server(tmp_path / "store")
    server.kill()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """The client."""
    yield from started(tmp_path_factory.mktemp("client"))


@pytest.fixture(scope="session")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client for what is to fail: it gives up after one try of at most a second."""
    timeouts = {"NEPTUNE_REQUEST_TIMEOUT": "1", "NEPTUNE_RETRIES_TIMEOUT": "1"}
    yield from started(tmp_path_factory.mktemp("impatient"), **timeouts)


def started(folder: Path, **timeouts: str) -> Iterator[Client]:
    client = Client(folder / "client.log", timeouts)
    yield client
    client.end()


@pytest.fixture
def run(tmp_path: Path) -> Sent:
    """A run's directory, of an id that no other test has, with files and an outcome to be sent."""
    record = {**RECORD, "run_id": f"20261121-034512-{next(NUMBERS):04}"}
    directory = tmp_path / "experiments" / "trial" / record["run_id"]
    (directory / "figures").mkdir(parents=True)
    (directory / "checkpoints").mkdir()
    (directory / "figures" / "confusion.png").write_bytes(b"pixels")
    (directory / "figures" / "confusion.csv").write_bytes(b"1,0")
    (directory / "checkpoints" / "best.pt").write_bytes(b"weights")
    (directory / "checkpoints" / "last.pt").write_bytes(b"more weights")
    (directory / "code.patch").write_bytes(b"+ a line")
    (directory / "record.json").write_text(json.dumps(record))
    return Sent(directory, record, OUTCOME)
