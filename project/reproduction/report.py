"""The verdict, beside both runs and where they are shown."""

from __future__ import annotations

import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from project.files import finite, write_json
from project.reproduction.origin import Stored

FOLDER = "reproductions"


def write(original: Path | Stored, made: Path, run_id: str, verdict: dict[str, Any]) -> None:
    """Write the verdict to `reproductions/` of both runs, and send it where they are shown.

    The original's own files stay as they are.

    Args:
        original: where it is.
        made: the directory of the run that reproduced it.
        run_id: of the original.
        verdict: what came out.
    Raises:
        OSError: it can't be written.
    """
    content = finite({"reproduces": run_id, "by": made.name, "at": _now(), **verdict})
    own = _write(made, run_id, content)
    if isinstance(original, Path):
        _write(original, made.name, content)
        _send(original)
    else:
        _store(original, own, f"{made.name}.json")
    _send(made)


def _write(directory: Path, other: str, content: dict[str, Any]) -> Path:
    path = directory / FOLDER / f"{other}.json"
    path.parent.mkdir(exist_ok=True)
    write_json(path, content)
    return path


def _store(original: Stored, path: Path, name: str) -> None:
    """Add the verdict to a run that there is only in an MLflow store."""
    from project.sync import not_sent
    from project.tracking.mlflow import add_file

    with tempfile.TemporaryDirectory() as folder:
        copy = shutil.copyfile(path, Path(folder, name))
        try:
            add_file(original.run_id, copy, FOLDER, original.exp_dir, original.address)
        except Exception as error:  # of an SDK; the verdict is beside the new run
            not_sent(f"mlflow: {original.run_id}", error)


def _send(directory: Path) -> None:
    from project.sync import send

    for tracker in sorted(path.stem for path in (directory / "tracking").glob("*.json")):
        send(directory, tracker)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
