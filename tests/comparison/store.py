"""Runs as training leaves them, made in a moment, for the tests of what compares them."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from project.provenance.code import code_state
from project.provenance.redact import Redactor
from project.provenance.run import Run

FLAGS = {"exp_name": "trial", "model": "cnn", "learning_rate": 0.001, "seed": 0, "tags": ["small"]}
CODE = {"sha": "0123456789" * 4, "branch": "main", "dirty": False, "patch": None}
DATA = {
    "name": "digits",
    "classes": ["zero", "one"],
    "shape": [1, 8, 8],
    "counts": {"train": {"total": 70}},
    "hash": "blake3:" + "0123456789abcdef" * 4,
}
ENVIRONMENT = {"python": "3.11.7", "cpu": {"model": "x", "count": 2}, "packages": {"torch": "2"}}
BEST = {"epoch": 1, "step": 20, "monitor": "val_loss", "value": 0.5}


def begin(
    exp_dir: Path,
    *,
    code: Mapping[str, Any] = CODE,
    data: Mapping[str, Any] | None = None,
    environment: Mapping[str, Any] | None = None,
    patch: bytes | None = None,
    plugs: Mapping[str, bytes] | None = None,
    exp_name: str = "trial",
    parent: Mapping[str, Any] | None = None,
    **flags: Any,
) -> Run:
    """A run that trains."""
    flags = {**FLAGS, "exp_name": exp_name, **flags}
    record = {
        "schema": 2,
        "exp_name": exp_name,
        "command": "python -m project.run",
        "description": flags.get("description", ""),
        "tags": flags["tags"],
        "flags": flags,
        "code": {**CODE, **code},
        "data": {**DATA, **(data or {})},
        "model": {"name": "cnn", "n_parameters": 1234, "n_trainable": 1234},
        "environment": {**ENVIRONMENT, **(environment or {})},
        "host": "box",
        "user": "ada",
        "parent": parent,
    }
    return Run.create(exp_dir, exp_name, record, patch=patch, requirements="", plugs=plugs)


def make(
    exp_dir: Path,
    val: Mapping[str, float] | None = None,
    test: Mapping[str, float] | None = None,
    status: str = "finished",
    **asked: Any,
) -> Path:
    """The directory of a run that has ended, with these scores."""
    run = begin(exp_dir, **asked)
    metrics = {"val_loss": 0.5, "val_accuracy": 0.75, **(val or {})}
    best = {**BEST, "value": metrics["val_loss"], "metrics": metrics}
    run.finish(status, best=best, test=test or {"test_accuracy": 0.5}, epochs=2, steps=20)
    return run.directory


def journal(directory: Path, *points: tuple[int, int, Mapping[str, float]]) -> None:
    """Write (step, epoch, metrics) as a run logs them."""
    lines = [
        json.dumps({"time": 1000.0 + step, "step": step, "epoch": epoch, "metrics": metrics})
        for step, epoch, metrics in points
    ]
    (directory / "journal.jsonl").write_text("".join(f"{line}\n" for line in lines))


def edit(directory: Path, name: str, **changes: Any) -> None:
    """Change a file of JSON, as a person might."""
    path = directory / name
    value = json.loads(path.read_text()) | changes
    path.chmod(0o644)
    path.write_text(json.dumps(value))


def git(folder: Path, *arguments: str) -> str:
    """What git says."""
    done = subprocess.run(
        ["git", "-c", "user.name=A", "-c", "user.email=a@b.org", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def recorded(repository: Path) -> dict[str, Any]:
    """`code` and `patch` of the state that a repository is in."""
    state = code_state(repository, Redactor({}))
    return {"code": state.describe(), "patch": state.patch}
