"""The plugs from outside that a run has kept, put where its repetition finds them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from project.provenance.imported import bytes_hash
from project.provenance.plug_files import PlugFile
from project.reproduction.expected import Recorded
from project.reproduction.sources import Sources
from project.run_directory import PLUGS
from project.words.names import some


def with_plugs(sources: Sources, run: Recorded, folder: Path, root: Path) -> Sources:
    """The recorded code with the plugs that the run has kept, whatever is in their places now.

    Args:
        sources: the recorded code.
        run: which kept them.
        folder: an empty one, to put them into.
        root: the folder that holds `project/` here.

    Raises:
        OSError: they can't be written.
    """
    if not run.plugs:
        return sources
    then = run.record["sources"] | ((run.outcome or {}).get("sources") or {})
    masked = []
    for name, file in run.plugs.items():
        content = file.content
        if bytes_hash(content) != then.get(file.path):
            content = _unmasked(file, then, root)
            masked += [f"{PLUGS}/{name}"] if content == file.content else []
        _write(folder / name, content)
        if sources.folder != root and not os.path.isabs(file.path):
            # Git ignores it, but a package of the project's may look for it there.
            _add(sources.folder, file.path, content)
    return replace(
        sources,
        notes=[*sources.notes, f"code: taken from the run: {some(_names(run.plugs))}"],
        unproved=sources.unproved + _masked_line(masked),
        plugs=folder,
    )


def _unmasked(file: PlugFile, then: Mapping[str, str], root: Path) -> bytes:
    """The file itself, where it still is what it was; otherwise its masked copy."""
    try:
        found = (root / file.path).read_bytes()
    except OSError:
        return file.content
    return found if bytes_hash(found) == then.get(file.path) else file.content


def _add(tree: Path, name: str, content: bytes) -> None:
    path = tree / name
    inside = path.parent.resolve().is_relative_to(tree.resolve())
    if inside and not os.path.lexists(path):  # a link in the tree may lead to the person's own
        _write(path, content)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _names(plugs: Mapping[str, PlugFile]) -> list[str]:
    return [f"{PLUGS}/{name}" for name in plugs]


def _masked_line(names: list[str]) -> list[str]:
    why = "code: not proved, as secrets are masked in the run's copy of"
    return [f"{why}: {some(names)}"] if names else []
