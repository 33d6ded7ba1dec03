"""Sends thousands of wrong requests to the server and watches what it answers and writes.

`python -m tests.compat.fuzz` sends 10,000. Half are drawn from the Swagger documents, half are real
ones, recorded from the unmodified client, and mutated. It is a fault if one raises, is answered
with 5xx, tells of this machine's folders, or lets a file be written outside a run's own folder.
"""

import argparse
import os
import re
import sys
import tempfile
import traceback
import warnings
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.compat.mutations import Mutations
from tests.compat.traffic import Sent, record

SPARED = {"deleteProject", "trashExperiments", "deleteExperiments", "deleteAllExperiments"}
# Below the artifacts' folder nothing is written but into a run's own.
OWN = re.compile(r"\d+(/[0-9a-f]{32}(/artifacts(/.*)?)?)?")


class Watch:
    """Notes whatever this process writes, moves or deletes outside of `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.artifacts = os.path.realpath(folder), os.path.realpath(folder / "files")
        self.outside: list[str] = []
        self.active = False
        sys.addaudithook(self._hook)

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.active:
            return
        if event == "open":
            path, mode, flags = arguments
            # Without a mode it is `os.open`, whose path may be below an open folder's.
            if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) and (mode or os.path.isabs(path)):
                self._check(event, path)
        elif event in ("os.mkdir", "os.remove", "os.rmdir"):
            self._check(event, arguments[0], arguments[-1])
        elif event in ("os.rename", "os.link", "os.symlink"):
            self._check(event, arguments[1], arguments[-1])
        elif event in ("os.truncate", "shutil.rmtree"):
            self._check(event, arguments[0])

    def _check(self, event: str, path: Any, folder: int = -1) -> None:
        if isinstance(path, int) or str(path) == os.devnull:
            return
        base = os.readlink(f"/proc/self/fd/{folder}") if folder != -1 else os.getcwd()
        real = os.path.realpath(os.path.join(base, os.fsdecode(path)))
        if real.startswith(self.artifacts + os.sep):
            inside = OWN.fullmatch(real.removeprefix(self.artifacts + os.sep))
        else:
            inside = real.startswith(self.folder + os.sep)
        if not inside:
            self.outside.append(f"{event} {real}")


def make_app(folder: Path, port: int) -> Any:
    """The application over a new store in `folder`, as if it were served at this port."""
    from project.server import app, start
    from project.server.settings import LOCAL_PROJECT, Settings
    from project.server.store.database import Database
    from project.server.workspaces import projects

    settings = Settings(
        store=f"sqlite:///{folder}/mlflow.db",
        artifacts=str(folder / "files"),
        private=str(folder / "private"),
        url=f"http://127.0.0.1:{port}",
        accounts=False,
    )
    os.environ.update(start.environment(settings))
    start.prepare_store(settings)
    made = app.create()
    with Database(settings.store) as database:
        projects.create(database, *LOCAL_PROJECT, key="RUN")
    return made


def pool(client: Any) -> dict[str, list[str]]:
    """Values that mean something to the server after the client's tour."""
    found = {"type": ["run", "model", "modelVersion"], "subPath": ["a.txt", "part/a.txt"]}
    found |= {"projectIdentifier": ["local/runs"], "ext": ["txt", "png"], "path": ["", "part"]}
    search = {"projectIdentifier": "local/runs", "type": found["type"]}
    rows = client.post("/api/leaderboard/v1/leaderboard/entries/search", params=search, json={})
    runs = [entry["experimentId"] for entry in rows.json()["entries"]]
    runs += ["local/runs/RUN-1", "local/runs/RUN-TOUR"]
    names = client.post("/api/leaderboard/v1/leaderboard/attributes/search", params=search, json={})
    found |= {"experimentId": runs, "experimentIdentifier": runs, "uploadId": [], "id": []}
    found |= {"attribute": [entry["name"] for entry in names.json()["entries"]]}
    found |= {"search": ["m/"], "limit": ["0", "1", "10"], "offset": ["0", "1"], "index": ["0"]}
    return found | {"totalLength": ["10"], "uploadPartIdx": ["0", "1"], "reset": ["true"]}


def fault(client: Any, sent: Sent, folder: Path, values: dict[str, list[str]]) -> str | None:
    """What is wrong with the answer to a request, if anything is."""
    address = quote(sent.path, safe="/%") + (f"?{sent.query}" if sent.query else "")
    try:
        answer = client.request(sent.method, address, content=sent.body, headers=dict(sent.headers))
    except Exception:
        return traceback.format_exc().strip()
    Seen.answers[answer.status_code] += 1
    if answer.status_code >= 500 or "Traceback (most recent" in answer.text:
        return f"{answer.status_code} {answer.text[:500]}"
    if answer.status_code >= 400 and str(folder) in answer.text:
        return f"tells where it is: {answer.status_code} {answer.text[:500]}"
    _learn(answer, values)
    return None


class Seen:
    """What came back."""

    answers: Counter[int] = Counter()


def _learn(answer: Any, values: dict[str, list[str]]) -> None:
    """Ids that the server has just made, for what continues with them."""
    if answer.headers.get("content-type") != "application/json" or not answer.content:
        return
    content = answer.json()
    if type(content) is dict and "uploadId" in content:
        values["uploadId"] = [*values["uploadId"][-5:], content["uploadId"]]
    if type(content) is dict and "downloadUrl" in content:
        values["id"] = [*values["id"][-5:], content["id"]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--port", type=int, default=5077, help="where the client is recorded")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    sys.dont_write_bytecode = True
    with tempfile.TemporaryDirectory() as scratch:
        folder, tour, here = (Path(scratch) / name for name in ("server", "tour", "here"))
        for made in (folder, tour, here, folder / "tmp"):
            made.mkdir()
        tempfile.tempdir = str(folder / "tmp")
        os.chdir(here)
        faults = fuzz(folder, tour, arguments)
        left = [path.name for path in here.iterdir()]
        os.chdir("/")
        tempfile.tempdir = None
    assert not left, left
    print(
        f"{arguments.requests} requests, {len(faults)} faults: {dict(sorted(Seen.answers.items()))}"
    )
    for kind, found in by_kind(faults).items():
        print(f"\n{len(found)} times {kind}")
        for wrong, sent in found[:2]:
            print(f"{sent.method} {sent.path}?{sent.query} {dict(sent.headers)}")
            print(f"{sent.body[:2000]!r}\n{wrong[-3000:]}")
    return bool(faults)


def by_kind(faults: list[tuple[str, Sent]]) -> dict[str, list[tuple[str, Sent]]]:
    """The faults by their last line and the last line of ours that they come from."""
    found: dict[str, list[tuple[str, Sent]]] = {}
    for wrong, sent in faults:
        ours = [line.strip() for line in wrong.splitlines() if "project/server" in line]
        kind = f"{wrong.splitlines()[-1][:200]} {ours[-1:]}"
        found.setdefault(kind, []).append((wrong, sent))
    return found


def fuzz(folder: Path, tour: Path, arguments: argparse.Namespace) -> list[tuple[str, Sent]]:
    """The requests that went wrong, and how."""
    from starlette.testclient import TestClient

    from project.server.api import swagger

    app = make_app(folder, arguments.port)
    sent = record(app, arguments.port, tour)
    client = TestClient(app, base_url=f"http://127.0.0.1:{arguments.port}")
    values = pool(client)
    documents = [swagger.document(name) for name in swagger.DOCUMENTS]
    mutations = Mutations(arguments.seed, documents, sent, values, SPARED)
    watch = Watch(folder)
    watch.active = True
    faults = []
    for _ in range(arguments.requests):
        one = mutations.draw()
        wrong = fault(client, one, folder, values)
        if watch.outside:
            wrong, watch.outside = f"wrote outside: {watch.outside}", []
        if wrong:
            faults.append((wrong, one))
    watch.active = False
    return faults


if __name__ == "__main__":
    sys.exit(main())
