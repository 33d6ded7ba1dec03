"""The verdict, beside both runs and where they are shown."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from project import plugs
from project.files import finite, write_json
from project.reproduction.expected import Recorded
from project.reproduction.forced import Forced
from project.reproduction.origin import Stored
from project.reproduction.sending import send
from project.run_directory import REPRODUCTIONS, followed
from project.tracking import resolve


def trackers_of(then: Recorded, forced: Forced) -> tuple[str, ...]:
    """The trackers that a reproduction of `then` is sent to: its own, unless others are asked for.

    Not those from outside the package: their files may be gone, and what their own flags were is
    no part of what is run again.

    Raises:
        ValueError: they can't be had here.
    """
    flags = then.record["flags"]
    mode = forced.neptune_mode or flags.get("neptune_mode")
    if mode:
        os.environ["NEPTUNE_MODE"] = mode  # where the tracker looks for it
    names = forced.tracker or flags.get("tracker") or (("neptune",) if mode else ())
    if outside := [name for name in names if plugs.is_outside("tracker", name)]:
        print(f"note: the new run is not sent to {', '.join(outside)}", file=sys.stderr)
        names = tuple(name for name in names if name not in outside) or ("none",)
    try:
        return resolve(names, then.record["exp_name"], os.environ)
    except ValueError as error:
        raise ValueError(f"{error}; `-- --tracker none` sends the new run nowhere") from None


def write(
    original: Path | Stored,
    made: Path,
    run_id: str,
    verdict: dict[str, Any],
    trackers: Sequence[str],
) -> list[str]:
    """Write the verdict to `reproductions/` of both runs, and send it where they are shown.

    The new run is sent as a whole only now: a process that sent it while it was made would stand in
    the temporary folder of its code, which may be gone before all is sent.

    The original's own files stay as they are.

    Args:
        original: where it is.
        made: the directory of the run that reproduced it.
        run_id: of the original.
        verdict: what came out.
        trackers: that show the new run.
    Returns:
        What became of the sending, a line for each tracker.
    Raises:
        OSError: it can't be written.
    """
    content = finite({"reproduces": run_id, "by": made.name, "at": _now(), **verdict})
    own = _write(made, run_id, content)
    runs = {tracker: [made] for tracker in trackers}
    if isinstance(original, Path):
        _write(original, made.name, content)
        for tracker in followed(original):
            runs.setdefault(tracker, []).append(original)
    else:
        _store(original, own, f"{made.name}.json")
    return send(runs, made.parents[1])


def _write(directory: Path, other: str, content: dict[str, Any]) -> Path:
    path = directory / REPRODUCTIONS / f"{other}.json"
    path.parent.mkdir(exist_ok=True)
    write_json(path, content)
    return path


def _store(original: Stored, path: Path, name: str) -> None:
    """Add the verdict to a run that there is only in an MLflow store."""
    from project.tracking.mlflow.fetch import add_file
    from project.tracking.sending import not_sent

    with tempfile.TemporaryDirectory() as folder:
        copy = shutil.copyfile(path, Path(folder, name))
        try:
            add_file(original.run_id, copy, REPRODUCTIONS, original.exp_dir, original.address)
        except Exception as error:  # of an SDK; the verdict is beside the new run
            not_sent(f"mlflow: {original.run_id}", error)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
