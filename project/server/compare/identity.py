"""What tells a run by itself: names that `--where` knows of it, and where their values stand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from project.provenance.find import RUN_ID
from project.server.api.properties import iso
from project.server.compare.visible import Run

# Of names that runs have in the terminal, too, the tag that holds the value.
OF_TAGS = {
    "sha": ("git_sha", "mlflow.source.git.commit"),
    "dirty": ("git_dirty",),
    "branch": ("mlflow.source.git.branch",),
    "data_hash": ("data_hash",),
    "host": ("host",),
    "best_epoch": ("best_epoch",),
    "best_step": ("best_step",),
    "monitor": ("best_monitor",),
    "patch_blake3": ("patch_blake3",),
    "source_blake3": ("source_blake3",),
    "note": ("mlflow.note.content",),
    "tags": ("tags",),
}
TEXTS = ("sha", "branch", "data_hash", "host", "monitor", "note", "patch_blake3", "source_blake3")


def is_ours(run: Run) -> bool:
    """Whether it is of this project: these are named by ids, which begin with a time."""
    return RUN_ID.fullmatch(run.name) is not None


def _age(run: Run, now: float) -> float | None:
    return None if run.started is None else (now - run.started) / 1000


def _duration(run: Run, now: float) -> float | None:
    end = now if run.status == "running" else run.ended
    return None if run.started is None or end is None else (end - run.started) / 1000


# With the time now, in unix ms.
OF_RUN: dict[str, Callable[[Run, float], Any]] = {
    "run_id": lambda run, _: run.name if is_ours(run) else run.short_id or run.id,
    "name": lambda run, _: run.name,
    "exp_name": lambda run, _: run.experiment,
    "status": lambda run, _: run.status,
    "created": lambda run, _: None if run.started is None else iso(run.started),
    "age": _age,
    "duration": _duration,
    "user": lambda run, _: run.user,
}
