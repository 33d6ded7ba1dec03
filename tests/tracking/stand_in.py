"""A tracker that keeps what it gets in a file, and misbehaves as the environment tells it to.

Imported in place of TensorBoard's (`install`), also by followers in processes of their own.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from project.tracking import training as _training
from project.tracking.tracker import Tracker

BEHAVIOUR = "STAND_IN"
# Names a file to make when it is loaded ahead.
PRELOADED = "STAND_IN_PRELOADED"
NAME = "tensorboard"
SERVICE = "service.jsonl"


def install() -> None:
    """Make `--tracker tensorboard` mean this one, in this process."""
    sys.modules[f"project.trackers.{NAME}"] = sys.modules[__name__]


def starve() -> None:
    """Let this process look as if it had no core from now on."""
    _training.STARVING_SECONDS, _training.waits = 0.01, time.monotonic


def received(run: Path) -> list[list[Any]]:
    """What the service got, [kind, content] in order."""
    lines = (run / SERVICE).read_text().splitlines()
    return [json.loads(line) for line in lines]


def points(run: Path) -> list[tuple[str, int, float]]:
    """Every point that the service got, in order: (name, step, value)."""
    logged = [content for kind, content in received(run) if kind == "log"]
    records = [record for records in logged for record in records]
    return [(name, r["step"], value) for r in records for name, value in r["metrics"].items()]


def build(run_dir: Path, remote: dict[str, Any]) -> "StandIn":
    if os.environ.get(BEHAVIOUR) == "refuse":
        raise ValueError("TOKEN is not set: set it")
    return StandIn(run_dir, remote)


def preload() -> None:
    if PRELOADED in os.environ:
        Path(os.environ[PRELOADED]).touch()


class StandIn(Tracker):
    name = NAME
    takes_checkpoints = True

    def open(self, record: dict[str, Any]) -> dict[str, Any]:
        behaviour = os.environ.get(BEHAVIOUR)
        if behaviour == "fail":
            raise ConnectionError("http://ada:" "secret-word@host/ is down")
        if behaviour == "crash":
            os._exit(66)
        if behaviour == "hang":
            signal.pause()
        if behaviour == "starve":
            self._keep("priority", os.getpriority(os.PRIO_PROCESS, 0))
            if _training.AGAIN not in os.environ:
                signal.pause()
        entry = self.remote.get("id", 0)
        if not (self.run_dir / SERVICE).exists():
            entry += 1
        self._keep("open", record["run_id"])
        return {"id": entry}

    def log(self, records: list[dict[str, Any]]) -> None:
        self._keep("log", records)

    def upload(self, path: Path) -> None:
        if os.environ.get(BEHAVIOUR) == "no checkpoints" and path.suffix == ".pt":
            raise ConnectionError("the service is full")
        self._keep("upload", path.relative_to(self.run_dir).as_posix())

    def close(self, outcome: dict[str, Any] | None) -> None:
        self._keep("close", outcome and outcome["status"])

    def where(self) -> str:
        return "stand-in: in the service"

    def release(self) -> None:
        self._keep("release", None)

    def _keep(self, kind: str, content: Any) -> None:
        with open(self.run_dir / SERVICE, "a") as file:
            file.write(json.dumps([kind, content]) + "\n")
