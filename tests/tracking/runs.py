"""Runs as training leaves them on disk, for the tests of what sends them somewhere."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from project.tracking.journal import Journal

RUN_ID = "20261121-034512-7h3k"
RECORD: dict[str, Any] = {
    "schema": 1,
    "run_id": RUN_ID,
    "exp_name": "trial",
    "created": "2026-11-21T03:45:12+00:00",
    "command": "python -m project.run --exp-name trial",
    "flags": {
        "learning_rate": 0.001,
        "tags": ["small", "cnn"],
        "max_steps": None,
        "data": "digits",
    },
    "description": "a first try",
    "tags": ["small", "cnn"],
    "seed": 0,
    "code": {
        "sha": "0123456789" * 4,
        "branch": "main",
        "remote": "https://example.com/project.git",
        "dirty": True,
        "patch": "code.patch",
        "patch_blake3": "blake3:" + "ab" * 32,
        "source_blake3": None,
        "note": None,
    },
    "data": {
        "name": "digits",
        "classes": ["zero", "one"],
        "shape": [1, 8, 8],
        "counts": {
            "train": {"total": 70, "per_class": [35, 35]},
            "val": {"total": 10, "per_class": [5, 5]},
            "test": {"total": 20, "per_class": [10, 10]},
        },
        "mean": [0.25],
        "std": [0.5],
        "hash": "blake3:" + "0123456789abcdef" * 4,
        "hashes": {},
    },
    "model": {"name": "cnn", "n_parameters": 1234, "n_trainable": 1234},
    "environment": {"python": "3.11.7"},
    "host": "box",
    "user": "ada",
}
OUTCOME: dict[str, Any] = {
    "schema": 1,
    "run_id": RUN_ID,
    "status": "finished",
    "error": None,
    "started": "2026-11-21T03:45:12+00:00",
    "ended": "2026-11-21T03:46:12+00:00",
    "duration": 60.0,
    "epochs": 1,
    "steps": 3,
    "best": {"epoch": 0, "step": 3, "monitor": "val_loss", "value": 0.5, "metrics": {}},
    "test": {"test_accuracy": 0.9},
    "checkpoints": {"best.pt": "blake3:" + "cd" * 32},
    "record": "blake3:" + "ef" * 32,
}
# The smallest PNG there is: one grey pixel.
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010800000000"
    "3a7e9b550000000a49444154789c6360000000020001e221bc330000000049454e44ae426082"
)


def make_run(exp_dir: Path, run_id: str = RUN_ID, **record: Any) -> Path:
    """A run that has begun: its record, patch, lock file and a figure."""
    run = exp_dir / "trial" / run_id
    (run / "figures").mkdir(parents=True)
    (run / "record.json").write_text(json.dumps({**RECORD, "run_id": run_id, **record}))
    (run / "code.patch").write_text("+ a line\n")
    (run / "requirements.lock").write_text("torch==2.14.1\n")
    (run / "figures" / "confusion.png").write_bytes(PNG)
    return run


def log(run: Path, *points: tuple[Mapping[str, float], int], epoch: int = 0) -> None:
    """Log (metrics, step) pairs, as a part of training that was then interrupted."""
    journal = Journal(run / "journal.jsonl")
    for metrics, step in points:
        journal.log(metrics, step=step, epoch=epoch)
    journal.close()


def finish(run: Path, **outcome: Any) -> None:
    """Write the outcome."""
    (run / "outcome.json").write_text(json.dumps({**OUTCOME, **outcome}))
