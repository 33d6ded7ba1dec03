"""What of a run's code nothing vouches for, and which of it is another now, in lines."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from project.provenance.imported import hashes_now
from project.words.names import some


def not_recorded(code: Mapping[str, Any]) -> list[str]:
    """What neither the commit nor the patch brings back, as the run itself said at its start."""
    return [f"code: not recorded: {line}" for line in code.get("not_recorded") or []]


def changed_since(code: Mapping[str, Any], folder: Path) -> list[str]:
    """Which of the sources that are not recorded are others now, or gone.

    Args:
        code: the record's `code`.
        folder: the project's, as it was put together.
    Raises:
        OSError: a source can't be read.
    """
    then = code.get("unrecorded") or {}
    now = hashes_now(list(then), folder)
    return [
        f"code: {name}, which is not recorded, is "
        + (f"another ({then[name][:8]} -> {found[:8]})" if found else "not here")
        for name, found in now.items()
        if found != then[name]
    ]


def masked_lines(masked: list[str], lacking: list[str]) -> list[str]:
    """What an archive has in place of the commit's files."""
    lines = []
    if masked:
        lines.append(f"code: not proved by the commit, as secrets are masked in: {some(masked)}")
    if lacking:
        lines.append(f"code: the commit's files that the archive lacks: {some(lacking)}")
    return lines
