"""The files of plugs from outside, and of all that they import, kept in the run's `plugs/`.

They lie there as Python looks for them: with `RUN/plugs` on its path, it finds them again.
"""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from project.provenance.imported import bytes_hash, module_files
from project.provenance.redact import Redactor
from project.run_directory import PLUGS
from project.words.names import printable, some

# Larger ones are hardly code; together they must not fill the run's directory.
_LARGEST_FILE = 2**20
_LARGEST_SUM = 10 * 2**20
_FILE = re.compile(r"(?:\w+/)*\w+\.py")


@dataclass(frozen=True)
class PlugFile:
    """One file.

    Attributes:
        path: where it was, from the project's folder or its whole path, as sources are named.
        content: secrets masked.
    """

    path: str
    content: bytes

    def describe(self) -> dict[str, str]:
        """What the record says of it."""
        return {"path": self.path, "blake3": bytes_hash(self.content)}


def take(
    names: Iterable[str], root: Path, redactor: Redactor
) -> tuple[dict[str, PlugFile], list[str]]:
    """Those of the imported sources that can be kept.

    Args:
        names: as `imported_sources` has them.
        root: that they are named from.
        redactor: goes over their contents.

    Returns:
        The files by their names below `plugs/`, and a line about secrets that are masked in them.
    Raises:
        OSError: one can't be read.
    """
    places, files, masked, total = module_files(root), {}, [], 0
    for name in names:
        place, size = places.get(name), os.path.getsize(root / name)
        # A name is no place for a secret, and what takes another one could not be found by it.
        nameless = place is None or place in files or redactor.contains_secret(f"{name}\n{place}")
        if nameless or size > _LARGEST_FILE or total + size > _LARGEST_SUM:
            continue
        content = (root / name).read_bytes()
        clean = redactor.redact_bytes(content)
        files[place] = PlugFile(name, clean)
        masked += [f"{PLUGS}/{place}"] if clean != content else []
        total += size
    why = f"secrets are replaced by *** in: {some(masked)}"
    return files, [why] if masked else []


def contents(files: Mapping[str, PlugFile]) -> dict[str, bytes]:
    """By their names in the run's directory."""
    return {f"{PLUGS}/{name}": file.content for name, file in files.items()}


def described(record: Mapping[str, Any], outcome: Mapping[str, Any] | None) -> dict[str, Any]:
    """What a run's record and its outcome, if it has one, say of the files, by the same names."""
    return (record["code"].get("plugs") or {}) | ((outcome or {}).get("plugs") or {})


def read(directory: Path, told: Mapping[str, Mapping[str, Any]]) -> dict[str, PlugFile]:
    """The files in the run at `directory`, by their names below `plugs/`.

    Args:
        directory: of the run.
        told: what the record, or the outcome, says of them; see `described`.

    Raises:
        ValueError: one is missing, is not what was recorded, or has no name of a module.
        OSError: one can't be read.
    """
    found = {}
    for name, about in told.items():
        path = directory / PLUGS / name
        if not _FILE.fullmatch(name):  # it may lead out of any folder that it is put into
            raise ValueError(f"run {directory.name} names {printable(name)}, which is no plug")
        if not path.is_file():
            raise ValueError(f"run {directory.name} lacks its {PLUGS}/{name}")
        found[name] = PlugFile(about["path"], path.read_bytes())
        if found[name].describe()["blake3"] != about["blake3"]:
            raise ValueError(f"{path} is not the file that was recorded")
    return found
