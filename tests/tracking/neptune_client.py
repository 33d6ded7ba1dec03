"""The Neptune client in a process of its own, for tests, and a run to send with it."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests import forks

ROOT = Path(__file__).parents[2]
RUN_ID = "20261121-034512-7h3k"
RECORD = {
    "schema": 1,
    "run_id": RUN_ID,
    "exp_name": "trial",
    "command": "python -m project.run --exp-name trial",
    "description": "a first try",
    "tags": ["cnn", "small"],
    "seed": 2**32 - 1,
    "flags": {"learning_rate": 0.001, "gradient_clip": None, "augment": ["flip"], "compile": False},
    "code": {"sha": "4f0c", "branch": "main", "dirty": True, "remote": "https://host/repo.git"},
    "data": {
        "name": "digits",
        "hash": "blake3:aa",
        "classes": ["zero", "one"],
        "counts": {"test": {"total": 3, "per_class": [1, 2]}},
    },
    "model": {"name": "cnn", "n_parameters": 1234},
    "environment": {"python": "3.11.7", "packages": {"torch": "2.14.1"}},
}
OUTCOME = {
    "status": "finished",
    "error": None,
    "duration": 12.5,
    "ended": "2026-11-21T03:46:12+00:00",
    "best": {"epoch": 4, "step": 8, "value": 0.1, "metrics": {"val_loss": 0.1}},
    "test": {"test_accuracy": 0.98},
    "checkpoints": {"best.pt": "blake3:bb", "last.pt": "blake3:cc"},
}


@dataclass(frozen=True)
class Sent:
    """A run that a test sends: its directory, its record and how it ends."""

    directory: Path
    record: dict[str, Any]
    outcome: dict[str, Any]

    def log(self, first: int, last: int) -> None:
        """Append `journal(first, last)` to its journal."""
        with open(self.directory / "journal.jsonl", "a") as file:
            file.writelines(json.dumps(record) + "\n" for record in journal(first, last))

    @property
    def home(self) -> Path:
        """The folder in which a person would start commands."""
        return self.directory.parents[2]

    def remembered(self) -> dict[str, Any]:
        """What the tracker remembers of it."""
        return json.loads((self.directory / "tracking" / "neptune.json").read_text())["remote"]

    def end(self) -> None:
        """Write its outcome."""
        (self.directory / "outcome.json").write_text(json.dumps(self.outcome))


class Client:
    """Calls into the driver process; an error there is raised here as ClientError."""

    def __init__(self, log: Path, timeouts: dict[str, str]) -> None:
        environment = {**os.environ, **timeouts, "PYTHONPATH": str(ROOT), "NO_PROXY": "127.0.0.1"}
        driver = Path(__file__).with_name("neptune_driver.py")
        self.log = log
        with log.open("w") as stderr:
            if not timeouts:
                self._process = forks.answering([driver], environment, stderr)
                return
            # The client reads them when it is imported.
            self._process = subprocess.Popen(
                [sys.executable, str(driver)],
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )

    def __call__(self, *call: Any) -> Any:
        self._process.stdin.write(json.dumps(call) + "\n")
        self._process.stdin.flush()
        result, error = json.loads(self._process.stdout.readline())
        if error:
            raise ClientError(error)
        return result

    def build(self, environment: dict[str, str], run_dir: Path, remote: dict | None = None) -> None:
        self("build", environment, str(run_dir), remote or {})

    def follow(self, environment: dict[str, str], run_dir: Path, ended: bool) -> dict[str, int]:
        return self("follow", environment, str(run_dir), ended)

    def end(self) -> None:
        self._process.communicate()
        assert self._process.returncode == 0


class ClientError(Exception):
    pass


def journal(first: int, last: int, name: str = "train_loss") -> list[dict[str, Any]]:
    """Records of steps first..last - 1: at step s the value is s / 3, the time 1000 + s / 2 s."""
    return [
        {"time": 1000 + s / 2, "step": s, "epoch": 0, "metrics": {name: s / 3}}
        for s in range(first, last)
    ]


def points(first: int, last: int) -> list[tuple[int, int, float]]:
    """What a server holds of `journal(first, last)`; it counts time in milliseconds."""
    return [(s, 1_000_000 + s * 500, s / 3) for s in range(first, last)]
