"""The project's server in a process of its own, for tests that stop it and read what it has."""

import json
import os
import signal
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote, urlencode
from urllib.request import ProxyHandler, build_opener

from project.server.address import client_token
from project.server.settings import LOCAL_PROJECT, Settings
from project.server.start import environment, prepare_store
from project.tracking.mlflow.store import embedded_store
from tests import forks

ROOT = Path(__file__).parents[2]
PROJECT = "/".join(LOCAL_PROJECT)
OPERATIONS = "/api/leaderboard/v1/attributes/operations"
HANG = 504
SECRET = "s3cret" "-neptune-key"
# Not through a proxy that the environment names for other addresses.
DIRECT = build_opener(ProxyHandler({}))


class Server:
    """A server on a port of its own that starts, dies and starts again on the same store."""

    def __init__(self, folder: Path, accounts: bool = False) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self._broken = folder / "broken.json"
        self.broken()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.settings = Settings(
            store=embedded_store(folder),
            artifacts=str(folder / "mlflow-artifacts"),
            private=str(folder / ".server"),
            url=self.url,
            accounts=accounts,
        )
        prepare_store(self.settings)
        token = client_token(self.url, SECRET)
        self.environment = {"NEPTUNE_API_TOKEN": token, "NEPTUNE_PROJECT": PROJECT}
        self._process: forks.Fork | None = None

    def start(self) -> None:
        """Start it, and wait until it answers; it is an error if it ends instead."""
        if self.listener.fileno() < 0:
            self.listener = socket.create_server(("127.0.0.1", self.port))
        handle = self.listener.fileno()
        command = ["-m", "uvicorn", "--factory", "--fd", str(handle), "--log-level", "warning"]
        variables = {**os.environ, **environment(self.settings), "BROKEN": str(self._broken)}
        with open(self.folder / "server.log", "ab") as log:
            command += ["tests.tracking.neptune_broken:create"]
            self._process = forks.python(command, variables, log=log, kept=[handle])
        while self._process.poll() is None:
            with suppress(OSError):
                DIRECT.open(f"{self.url}/health", timeout=1).close()
                return
        raise AssertionError((self.folder / "server.log").read_text())

    def signal(self, number: int) -> None:
        """Send it a signal: SIGSTOP makes it hang until SIGCONT."""
        self._process.send_signal(number)

    def kill(self) -> None:
        """End it at once; its port refuses connections then."""
        self.listener.close()
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def broken(self, paths: dict[str, int] | None = None) -> None:
        """Let paths answer with a status, or never (HANG); without any, all work again."""
        self._broken.write_text(json.dumps(paths or {}))

    def __enter__(self) -> "Server":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()


class Entry:
    """A run as the server shows it to whoever asks, by its address: .../local/runs/e/RUN-1."""

    def __init__(self, address: str) -> None:
        url, workspace, project, _, number = address.rsplit("/", 4)
        self._url, self._id = url, f"{workspace}/{project}/{number}"

    @property
    def values(self) -> dict[str, Any]:
        """Values of atoms and of sets by path."""
        found = {}
        for attribute in json.loads(self._get("attributes"))["attributes"]:
            properties = attribute[f"{attribute['type']}Properties"]
            if "value" in properties or "values" in properties:
                found[attribute["name"]] = properties.get("value", properties.get("values"))
        return found

    @property
    def types(self) -> dict[str, str]:
        """Types of all attributes by path."""
        return {a["name"]: a["type"] for a in json.loads(self._get("attributes"))["attributes"]}

    def series(self, path: str) -> list[tuple[float, int, Any]]:
        """(step, time in ms, value) of every point of a float or string series, in order."""
        kind, found = self.types[path].removesuffix("Series"), []
        while True:
            query = {"attribute": path, "offset": len(found), "limit": 1000}
            answer = json.loads(self._get(f"attributes/series/{kind}", **query))
            values = answer["values"]
            found += [(p["step"], p["timestampMillis"], p["value"]) for p in values]
            if len(found) >= answer["totalItemCount"]:
                return found

    def file(self, path: str) -> bytes:
        """The content of a file attribute."""
        return self._get("attributes/download", attribute=path)

    def _get(self, operation: str, **query: Any) -> bytes:
        query = urlencode({"experimentId": self._id, **query}, quote_via=quote)
        address = f"{self._url}/api/leaderboard/v1/{operation}?{query}"
        try:
            with DIRECT.open(address, timeout=60) as response:
                return response.read()
        except HTTPError as error:
            raise AssertionError(f"{operation}: {error.code} {error.read()[:500]!r}") from None
