"""A server that speaks just enough of Neptune for its unmodified client, and keeps what it gets."""

import base64
import json
import sys
import threading
import time
import uuid
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.tracking.fake_neptune_swagger import parse_operations, swagger

SECRET = "s3cret-neptune-key"
PROJECT = "lab/digits"
UPLOAD = "/api/leaderboard/v1/storage/upload"
OPERATE = "/api/leaderboard/v1/attributes/operations"
HANG = 504

ATTRIBUTE_TYPES = {
    "assignFloat": "float",
    "assignInt": "int",
    "assignBool": "bool",
    "assignString": "string",
    "logFloats": "floatSeries",
    "logStrings": "stringSeries",
    "insertStrings": "stringSet",
}


@dataclass
class Run:
    """What the server holds of one run."""

    id: str
    short_id: str
    types: dict[str, str] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    # Points (step, timestamp in ms, value) as they came; one that comes again is the same point.
    series: dict[str, dict[tuple[float, int, Any], None]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    points_received: int = 0

    def apply(self, operation: dict[str, Any]) -> None:
        path = operation.pop("path")
        ((name, arguments),) = operation.items()
        if name == "deleteAttribute":
            for kept in (self.types, self.values, self.series, self.files):
                kept.pop(path, None)
            return
        self.types[path] = ATTRIBUTE_TYPES[name]
        if name.startswith("assign"):
            self.values[path] = arguments["value"]
        elif name == "insertStrings":
            self.values[path] = sorted({*self.values.get(path, []), *arguments["values"]})
        else:
            self._append(path, arguments["entries"])

    def _append(self, path: str, entries: list[dict[str, Any]]) -> None:
        self.points_received += len(entries)
        points = [
            (entry["step"], entry["timestampMilliseconds"], entry["value"]) for entry in entries
        ]
        self.series.setdefault(path, {}).update(dict.fromkeys(points))


class FakeNeptune:
    """The server, listening on 127.0.0.1 while the `with` block lasts.

    Attributes:
        runs: every run, by the custom id its client gave it.
        broken: paths that do not work ("/": all) and what they do instead: answer with a status, or
            HANG, which is to answer nothing until the block ends.
    """

    def __init__(self, port: int = 0) -> None:
        self.runs: dict[str, Run] = {}
        self.broken: dict[str, int] = {}
        self.operations = parse_operations()
        self._ended = threading.Event()
        self._http = _Server(("127.0.0.1", port), _Handler)
        self._http.fake = self
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self) -> "FakeNeptune":
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._http.shutdown()
        self._http.server_close()

    @property
    def environment(self) -> dict[str, str]:
        return {"NEPTUNE_API_TOKEN": token(self.url), "NEPTUNE_PROJECT": PROJECT}

    def trouble(self, path: str) -> int | None:
        """The status to answer `path` with instead of its own answer, if it is broken."""
        status = self.broken.get(path, self.broken.get("/"))
        if status == HANG:
            self._ended.wait()
        return status

    def run_of(self, query: dict[str, str]) -> Run:
        wanted = query.get("experimentId") or query["experimentIdentifier"]
        return next(run for run in self.runs.values() if run.id == wanted)

    def getClientConfig(self, query: dict[str, str], body: bytes) -> Any:
        artifacts = {"enabled": False, "apiVersion": 2}
        return {
            "apiUrl": self.url,
            "applicationUrl": self.url,
            "pyLibVersions": {},
            "artifacts": artifacts,
        }

    def exchangeApiToken(self, query: dict[str, str], body: bytes) -> Any:
        jwt = self._jwt()
        return {"accessToken": jwt, "refreshToken": jwt, "username": "lab"}

    def fresh_token(self) -> dict[str, Any]:
        jwt = self._jwt()
        return {
            "access_token": jwt,
            "refresh_token": jwt,
            "token_type": "Bearer",
            "expires_in": 3600,
        }

    def getProject(self, query: dict[str, str], body: bytes) -> Any:
        if query["projectIdentifier"] != PROJECT:
            return None
        workspace, name = PROJECT.split("/")
        return {
            "id": "p1",
            "name": name,
            "organizationName": workspace,
            "projectKey": "RUN",
            "version": 2,
        }

    def listProjects(self, query: dict[str, str], body: bytes) -> Any:
        return {"entries": []}

    def listOrganizations(self, query: dict[str, str], body: bytes) -> Any:
        return [{"id": "o1", "name": PROJECT.split("/")[0]}]

    def createExperiment(self, query: dict[str, str], body: bytes) -> Any:
        asked = json.loads(body)
        assert asked["gitInfo"] is None, "the client tracked git itself"
        new = Run(str(uuid.uuid4()), f"RUN-{len(self.runs) + 1}")
        run = self.runs.setdefault(asked["customId"], new)
        workspace, name = PROJECT.split("/")
        return {
            "id": run.id,
            "type": "run",
            "shortId": run.short_id,
            "organizationName": workspace,
            "projectName": name,
            "projectId": "p1",
            "trashed": False,
        }

    def getExperimentAttributes(self, query: dict[str, str], body: bytes) -> Any:
        types = self.run_of(query).types
        return {"attributes": [{"name": name, "type": kind} for name, kind in types.items()]}

    def ping(self, query: dict[str, str], body: bytes) -> Any:
        return {}

    def executeOperations(self, query: dict[str, str], body: bytes) -> Any:
        for operation in json.loads(body):
            self.run_of(query).apply(operation)
        return []

    def fileAtomUpload(self, query: dict[str, str], body: bytes) -> Any:
        run = self.run_of(query)
        run.types[query["attribute"]] = "file"
        run.files[f"{query['attribute']}.{query['ext']}"] = body
        return {"errors": []}

    def _jwt(self) -> str:
        payload = {"exp": int(time.time()) + 3600, "azp": "neptune", "iss": self.url}
        return ".".join(_base64(part) for part in ({"alg": "HS256", "typ": "JWT"}, payload, {}))


def token(url: str) -> str:
    """A Neptune API token for the server at `url`, with SECRET inside."""
    content = {"api_address": url, "api_url": url, "api_key": SECRET}
    return base64.b64encode(json.dumps(content).encode()).decode()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *request: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):  # a client that hung up is no error
            super().handle_error(*request)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        fake = self.server.fake
        url = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if status := fake.trouble(url.path):
            return self._answer(status, {})
        if url.path.endswith("/swagger.json"):
            return self._answer(200, swagger(fake.operations, url.path.split("/")[2]))
        if url.path.endswith("/openid-connect/token"):
            return self._answer(200, fake.fresh_token())
        operation = fake.operations.get((self.command, url.path))
        query = dict(parse_qsl(url.query))
        result = getattr(fake, operation["operationId"])(query, body) if operation else None
        self._answer(404 if result is None else 200, result)

    do_POST = do_GET

    def _answer(self, status: int, content: Any) -> None:
        data = json.dumps(content if content is not None else {"title": "not found"}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


def _base64(content: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")
