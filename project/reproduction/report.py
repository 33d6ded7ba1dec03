"""The verdict, beside both runs and where they are shown."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from project.files import finite, write_json


def write(original: Path | None, made: Path, run_id: str, verdict: dict[str, Any]) -> None:
    """Write the verdict to `reproductions/` of both runs, and send it where they are shown.

    The original's own files stay as they are.

    Args:
        original: its directory; None if there is none any more.
        made: the directory of the run that reproduced it.
        run_id: of the original.
        verdict: what came out.
    Raises:
        OSError: it can't be written.
    """
    content = finite({"reproduces": run_id, "by": made.name, "at": _now(), **verdict})
    for directory, other in ((original, made.name), (made, run_id)):
        if directory is not None:
            folder = directory / "reproductions"
            folder.mkdir(exist_ok=True)
            write_json(folder / f"{other}.json", content)
            _send(directory)


def _send(directory: Path) -> None:
    from project.sync import send

    for tracker in sorted(path.stem for path in (directory / "tracking").glob("*.json")):
        send(directory, tracker)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
