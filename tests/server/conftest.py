"""A real server over a fresh store, and the application itself, for the tests of the server."""

from __future__ import annotations

import os
import shutil
import socket
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from starlette.testclient import TestClient

from project.server import start
from project.server.address import client_token
from project.server.api.access import LOCAL, Account
from project.server.api.context import Context
from project.server.settings import LOCAL_PROJECT, Settings
from project.server.storage.storage import Storage
from project.server.store.database import Database
from project.server.workspaces import projects
from tests import forks
from tests.forks import Fork

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Server:
    """A server in a process of its own.

    Attributes:
        url: where it is.
        token: a NEPTUNE_API_TOKEN for it.
        project: the workspace and project that everyone may use.
        environment: what the unmodified client needs to find it.
        settings: how it was started; the store can be read beside it.
        process: the server's.
    """

    url: str
    token: str
    project: str
    environment: dict[str, str]
    settings: Settings
    process: Fork


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def start_server(exp_dir: Path, *arguments: str) -> Server:
    """Start `python -m project.serve` over a store in `exp_dir`, and wait until it answers."""
    port = free_port()
    command = ["-m", "project.serve", "--exp-dir", exp_dir, "--port", str(port), *arguments]
    with (exp_dir / "server.log").open("ab") as log:
        process = forks.python(command, env=os.environ, log=log)
    url = f"http://127.0.0.1:{port}"
    await_answer(process, url)
    token = client_token(url, "local")
    project = "/".join(LOCAL_PROJECT)
    environment = {
        "NEPTUNE_API_TOKEN": token,
        "NEPTUNE_PROJECT": project,
        "OAUTHLIB_INSECURE_TRANSPORT": "1",
        "NO_PROXY": "127.0.0.1",
        "PYTHONWARNINGS": "ignore",
        # Where a test's own client would leave a queue in the working tree.
        "NEPTUNE_DATA_DIRECTORY": str(exp_dir / ".neptune"),
    }
    return Server(url, token, project, environment, settings_of(exp_dir, url), process)


def await_answer(process: Fork, url: str) -> None:
    """Wait until the server answers; it is an error if it ends instead."""
    with httpx.Client(trust_env=False) as client:
        while process.poll() is None:
            try:
                client.get(f"{url}/health").raise_for_status()
                return
            except httpx.TransportError:
                time.sleep(0.05)
    raise AssertionError(f"the server ended with code {process.returncode}")


def settings_of(exp_dir: Path, url: str) -> Settings:
    """The settings of a server over the embedded store in `exp_dir`."""
    return Settings(
        store=f"sqlite:///{exp_dir}/mlflow.db",
        artifacts=str(exp_dir / "mlflow-artifacts"),
        private=str(exp_dir / ".server"),
        url=url,
        accounts=False,
    )


def end(server: Server) -> None:
    """Stop it as Ctrl-C would."""
    server.process.terminate()
    server.process.wait()


@pytest.fixture(scope="session")
def fresh_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with MLflow's tables, which take a second to make; to be copied."""
    path = tmp_path_factory.mktemp("fresh") / "mlflow.db"
    start.prepare_store(Settings(f"sqlite:///{path}", "", "", "", True))
    return path


@pytest.fixture(scope="session")
def store_folder(
    fresh_store: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Path]:
    """Makes folders with a store of their own, as `--exp-dir` takes them."""

    def make(name: str) -> Path:
        return Path(shutil.copy(fresh_store, tmp_path_factory.mktemp(name))).parent

    return make


@pytest.fixture(scope="session")
def server(store_folder: Callable[[str], Path]) -> Iterator[Server]:
    """A server for all tests of this worker; a test makes its own names in it."""
    started = start_server(store_folder("server"))
    yield started
    end(started)


@pytest.fixture(scope="session")
def application(store_folder: Callable[[str], Path]) -> Any:
    """The application in this process, over a store of its own; without its background tasks."""
    settings = settings_of(store_folder("application"), "http://testserver")
    os.environ.update(start.environment(settings))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # MLflow's use of what Starlette is to drop
        start.prepare_store(settings)
        from project.server import app

        made = app.create()
    with Database(settings.store) as database:
        projects.create(database, *LOCAL_PROJECT)
    return made


@pytest.fixture(autouse=True)
def no_store_left() -> Iterator[None]:
    """MLflow's server notes its store in the environment, for all that comes in this process."""
    yield
    os.environ.pop("MLFLOW_TRACKING_URI", None)


@pytest.fixture
def client(application: Any) -> TestClient:
    """Requests to the application, without a network."""
    return TestClient(application)


@pytest.fixture(scope="session")
def guarded(store_folder: Callable[[str], Path]) -> Iterator[Any]:
    """A server with accounts, for all tests of this worker."""
    from tests.server.guarded import guarded_server  # which needs this file

    with guarded_server(store_folder("guarded")) as started:
        yield started


@pytest.fixture
def script(server: Server, tmp_path: Path) -> Iterator[Callable[..., Fork]]:
    """Starts Python code with the unmodified Neptune client, in a process of its own."""
    started = []

    def start_script(code: str, *arguments: str) -> Fork:
        environment = {**os.environ, **server.environment, "NEPTUNE_DATA_DIRECTORY": str(tmp_path)}
        process = forks.python(["-c", code, *arguments], environment, tmp_path)
        started.append(process)
        return process

    yield start_script
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.fixture
def context_of() -> Iterator[Callable[..., Context]]:
    """Contexts in this process, as another worker over a server's store has them."""
    databases = []

    def make(settings: Settings, account: Account = LOCAL) -> Context:
        databases.append(Database(settings.store))
        return Context(account, databases[-1], Storage(settings, databases[-1]), settings, None)

    yield make
    for database in databases:
        database.close()
