"""Records what the unmodified client sends, on a tour through all it can do."""

import base64
import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn

TOUR = """
import datetime, io, numpy, neptune
from neptune import management
from neptune.types import File
quiet = dict.fromkeys(("stdout", "stderr", "hardware_metrics", "traceback"), False)
quiet = {f"capture_{name}": value for name, value in quiet.items()}
name = "thrown-away"
names = {"custom_run_id": "tour", "name": "n", "tags": ["a", "b"]}
with neptune.init_run(**names, source_files=[], **quiet) as run:
    run["p"] = {"f": 0.5, "i": 3, "b": True, "s": "text", "d": datetime.datetime.now()}
    for step in range(3):
        run["m/loss"].append(step / 2, step=step * 1.5)
        run["m/log"].append(f"line {step}")
        run["m/image"].append(File.as_image(numpy.zeros((4, 4))), name="n", description="d")
    run["file/small"].upload(File.from_content("text"))
    run["file/big"].upload(File.from_stream(io.BytesIO(bytes(12 * 2**20)), extension="bin"))
    run["file/set"].upload_files(["part"])
    run["data"].track_files("part")
    run.sync()
    run["file/set"].delete_files("part/a.txt")
    run["sys/tags"].remove("a")
    run["sys/tags"].clear()
    run["m/loss"].fetch_values(), run["m/log"].fetch_values(), run["p"].fetch()
    run["file/small"].download("small"), run["file/set"].download("set")
    run["m/image"].download_last("images"), run["file/set"].list_fileset_files()
    run["data"].fetch_files_list(), run["data"].fetch_hash(), run["p/d"].fetch()
    del run["p/f"]
    run.sync()
    short = run["sys/id"].fetch()
with neptune.init_model(key="TOUR") as model:
    model["x"] = 1
with neptune.init_model_version(model="RUN-TOUR") as version:
    version.change_stage("production")
with neptune.init_project(mode="read-only") as project:
    project.fetch_runs_table(query="(m/loss:floatSeries > 0.1)", progress_bar=False).to_pandas()
    project.fetch_runs_table(tag=["b"], state="active", progress_bar=False).to_pandas()
    project.fetch_models_table(progress_bar=False).to_pandas()
management.get_project_list()
management.create_project(name, visibility="priv", workspace="local")
with neptune.init_run(project=f"local/{name}", **quiet) as run:
    gone = run["sys/id"].fetch()
management.trash_objects(f"local/{name}", gone)
management.delete_objects_from_trash(f"local/{name}", gone)
management.clear_trash(f"local/{name}")
management.delete_project(f"local/{name}")
"""


@dataclass(frozen=True)
class Sent:
    """One request: all of it that means something to the server."""

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


KEPT = ("content-type", "x-range")


class Recorder:
    """An application that keeps what it was sent, in front of another."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.sent: list[Sent] = []

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        chunks: list[bytes] = []

        async def listen() -> dict[str, Any]:
            message = await receive()
            chunks.append(message.get("body", b""))
            return message

        await self.app(scope, listen, send)
        headers = [(key.decode(), value.decode("latin-1")) for key, value in scope["headers"]]
        self.sent.append(
            Sent(
                scope["method"],
                scope["path"],
                scope["query_string"].decode(),
                tuple(pair for pair in headers if pair[0] in KEPT),
                b"".join(chunks),
            )
        )


def record(app: Any, port: int, folder: Path) -> list[Sent]:
    """What the client sends to the application on its tour.

    Raises:
        subprocess.CalledProcessError: the client failed.
    """
    recorder = Recorder(app)
    config = uvicorn.Config(recorder, host="127.0.0.1", port=port, log_level="error", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    part = folder / "part"
    part.mkdir()
    (part / "a.txt").write_text("a")
    url = f"http://127.0.0.1:{port}"
    token = {"api_address": url, "api_url": url, "api_key": "x"}
    environment = {
        **os.environ,
        "NEPTUNE_API_TOKEN": base64.b64encode(json.dumps(token).encode()).decode(),
        "NEPTUNE_PROJECT": "local/runs",
        "NEPTUNE_DATA_DIRECTORY": str(folder / "neptune"),
        "OAUTHLIB_INSECURE_TRANSPORT": "1",
        "NO_PROXY": "127.0.0.1",
        "PYTHONWARNINGS": "ignore",
    }
    command = [sys.executable, "-c", TOUR]
    try:
        subprocess.run(command, check=True, cwd=folder, env=environment, stdout=subprocess.DEVNULL)
    finally:
        server.should_exit = True
        thread.join()
    return recorder.sent
