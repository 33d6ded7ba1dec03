"""Past runs made in a moment, with all flags that a run has and the scores asked for."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from project.hyperparameters import Hyperparameters
from project.provenance.run import Run
from tests.comparison.store import CODE, DATA, ENVIRONMENT

BASE = Hyperparameters(exp_name="past", model="mlp", tracker=("none",)).to_values()
SCORES = {"val_loss": 0.5, "val_accuracy": 0.75, "val_recall/one": 0.25}


def begun(
    exp_dir: Path,
    samples: Mapping[str, Any] | None = None,
    plugs: Mapping[str, Any] | None = None,
    files: bytes | None = None,
    lacking: Collection[str] = (),
    **flags: Any,
) -> Run:
    """A run that trains, of the digits and an MLP but for what is given.

    Args:
        exp_dir: the folder of all runs.
        samples: what the record says of the data, where it differs.
        plugs: the flags of plugs.
        files: the manifest of data that have files of their own.
        lacking: the names of flags that its version did not have.
        flags: that differ from `BASE`.
    """
    values = BASE | flags | ({"plugs": plugs} if plugs else {})
    values = {name: value for name, value in values.items() if name not in lacking}
    record = {
        "schema": 5,
        "exp_name": values["exp_name"],
        "flags": values,
        "tags": values["tags"],
        "start": {"generators": {}},
        "code": {
            **{**CODE, "remote": None, "patch_blake3": None, "folder": ".", "note": None},
            **{"source_blake3": None, "not_recorded": [], "unrecorded": {}, "plugs": {}},
        },
        "sources": {},
        "data": {"kind": "labels", **DATA, "hashes": {}, **(samples or {})},
        "model": {"name": values["model"], "n_parameters": 1234},
        "task": {"name": "classification", "headline": ["accuracy"], "judged": "accuracy"},
        "scores": {"loss": "min", "accuracy": "max", "recall": "max"},
        "environment": {**ENVIRONMENT, "torch": None, "variables": {}},
    }
    return Run.create(
        exp_dir, values["exp_name"], record, patch=None, requirements="", manifest=files
    )


def past(
    exp_dir: Path,
    scores: Mapping[str, float] | None = None,
    status: str = "finished",
    **asked: Any,
) -> Path:
    """The directory of a run that has ended; `scores` are of its best validation."""
    run = begun(exp_dir, **asked)
    metrics = {**SCORES, **(scores or {})}
    best = {"epoch": 1, "step": 20, "monitor": "val_loss", "value": metrics["val_loss"]}
    run.finish(status, best={**best, "metrics": metrics}, epochs=2, steps=20)
    return run.directory
