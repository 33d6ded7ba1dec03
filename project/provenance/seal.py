"""The seal of an ended run: the hashes of all its files, by which any later change is seen."""

import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from blake3 import blake3

from project.files import json_text, read_json, without_modes, write_atomic
from project.provenance import schema
from project.provenance.inventory import oddities
from project.run_directory import (
    CHECKPOINTS,
    FIGURES,
    JOURNAL,
    LOGITS,
    MANIFEST,
    OUTCOME,
    PATCH,
    PLUGS,
    PREDICTIONS,
    PROFILE,
    RECORD,
    REQUIREMENTS,
    SPLITS,
    STAGE_FILES,
    STAGES,
    TABLE,
    TRACEBACK,
)
from project.words.names import printable

# What a run is made of; `tracking` and a person's notes may change after the end.
_FILES = (RECORD, PATCH, REQUIREMENTS, JOURNAL, TABLE, MANIFEST, SPLITS, STAGES, TRACEBACK)
_FILES += (PREDICTIONS, LOGITS)
_FOLDERS = (CHECKPOINTS, FIGURES, PROFILE, PLUGS, STAGE_FILES)
# What `write_atomic` and the table name a file until it is whole.
_LEFTOVER = re.compile(
    r"\.\.?[^.]+\.[^/]+\.[a-z0-9_]{8}" + rf"|\.({re.escape(TABLE)}|{re.escape(LOGITS)})\.part"
)
# Stands in the text while its hash is computed.
_UNSEALED = "blake3:" + 64 * "0"


def file_hashes(directory: Path) -> dict[str, str]:
    """The hash of each file of the run, by its path there.

    Raises:
        OSError: a file can't be read.
    """
    return {name: hash_file(path) for name, path in names(directory).items()}


def write_outcome(directory: Path, outcome: Mapping[str, Any]) -> None:
    """Write `outcome.json`, with the hash of its own text beside those in its `files`.

    Raises:
        OSError: it can't be written.
    """
    write_sealed(directory / OUTCOME, outcome)


def write_sealed(path: Path, values: Mapping[str, Any]) -> None:
    """Write a JSON file, with the hash of its own text as `seal`.

    Raises:
        OSError: it can't be written.
    """
    text = json_text({**values, "seal": _UNSEALED})
    write_atomic(path, text.replace(_UNSEALED, _hash(text.encode())))


def holds(path: Path, values: Mapping[str, Any]) -> bool:
    """Whether a file that was written so, and says these values, is what was written.

    Raises:
        OSError: it can't be read.
    """
    # As bytes: reading text would take one kind of line end for another.
    content, seal = path.read_bytes(), str(values.get("seal"))
    return _hash(content.replace(seal.encode(), _UNSEALED.encode())) == seal


def parts(directory: Path) -> Iterator[Path]:
    """The files that a run is made of, but for the outcome; the same order everywhere."""
    yield from (directory / name for name in _FILES if (directory / name).is_file())
    for folder in _FOLDERS:
        # A name that starts with a dot is that of a file which is still being written.
        found = (directory / folder).rglob("[!.]*")
        yield from sorted(path for path in found if path.is_file())


def is_part(name: str) -> bool:
    """Whether a run may have a file of this name, relative to its directory, under its seal."""
    top, *rest = name.split("/")
    return name in _FILES or (top in _FOLDERS and bool(rest) and not rest[-1].startswith("."))


def remove_leftovers(directory: Path) -> None:
    """Delete what a killed process has left of the files that it was writing.

    Raises:
        OSError: the directory can't be written.
    """
    hidden = [*directory.glob(".*")]
    hidden += [path for name in _FOLDERS for path in (directory / name).rglob(".*")]
    for path in hidden:
        if _LEFTOVER.fullmatch(path.name) and path.is_file():
            path.unlink()


def protect(directory: Path) -> None:
    """Take away everybody's right to write the files of an ended run, where there are such rights.

    Raises:
        OSError: a file can't be read.
    """
    make_readable_only((*parts(directory), directory / OUTCOME))


def make_readable_only(paths: Iterable[Path]) -> None:
    """Take away everybody's right to write these files, where there are such rights.

    Raises:
        OSError: a file can't be read.
    """
    for path in paths:
        with without_modes():
            path.chmod(path.stat().st_mode & ~0o222)


def changes(directory: Path, only: Collection[str] | None = None) -> list[str]:
    """What was changed in a run's directory since it ended, a line each; none if nothing was.

    What is no plain file, or stands behind a link, counts as changed, whatever it holds.

    Args:
        directory: of the run.
        only: names of files, where a copy of the run has no others; None: all of them.
    Raises:
        ValueError: the run has no seal: it never ended, or was recorded by an older version.
        OSError: a file can't be read.
    """
    if not os.path.lexists(directory / OUTCOME):
        raise ValueError(f"{directory.name} can't be verified: it has no {OUTCOME}, it never ended")
    found = oddities(directory, [OUTCOME])
    if not (directory / OUTCOME).is_file():
        return found
    try:
        outcome = read_json(directory / OUTCOME, "record")
    except ValueError:
        return [*found, f"{OUTCOME} was changed: it can't be read any more"]
    if not {"seal", "files"} & outcome.keys():
        raise ValueError(f"{directory.name} can't be verified: it was recorded without a seal")
    if not holds(directory / OUTCOME, outcome):
        # The hashes in it can't be trusted either.
        return [*found, f"{OUTCOME} was changed"]
    if fault := schema.OUTCOME.fault(outcome):
        return [*found, f"{OUTCOME} is damaged: {fault}"]
    expected = {k: v for k, v in outcome.get("files", {}).items() if only is None or k in only}
    actual = names(directory)
    if only is not None:
        actual = {name: path for name, path in actual.items() if name in only}
    return found + _compare(directory, expected, actual)


def names(directory: Path) -> dict[str, Path]:
    """The files that a run is made of, but for the outcome, by their path in its directory."""
    return {path.relative_to(directory).as_posix(): path for path in parts(directory)}


def first_change(directory: Path, outcome: Mapping[str, Any]) -> str | None:
    """Whether a run's outcome or record was changed since it ended, without reading all the rest.

    Args:
        directory: of the run.
        outcome: what its `outcome.json` says; one of before seals vouches for the record alone.
    Returns:
        The name of the changed file; None if none was.
    Raises:
        OSError: a file can't be read.
    """
    if {"seal", "files"} & outcome.keys() and not holds(directory / OUTCOME, outcome):
        return OUTCOME
    return None if _hash((directory / RECORD).read_bytes()) == outcome["record"] else RECORD


def _compare(directory: Path, expected: Mapping[str, str], actual: Mapping[str, Path]) -> list[str]:
    gone = [name for name in expected if not os.path.lexists(directory / name)]
    found = [f"{printable(name)} is missing" for name in gone]
    found += [f"{printable(name)} was added" for name in actual if name not in expected]
    found += oddities(directory, expected)
    for name, path in actual.items():
        try:
            if name in expected and hash_file(path) != expected[name]:
                found.append(f"{printable(name)} was changed")
        except OSError as error:
            found.append(f"{printable(name)} can't be read: {error.strerror}")
    return found


def hash_file(path: Path) -> str:
    """BLAKE3 of a file's content, with `blake3:` before it; large files by all cores."""
    return f"blake3:{blake3(max_threads=blake3.AUTO).update_mmap(path).hexdigest()}"


def _hash(content: bytes) -> str:
    return f"blake3:{blake3(content).hexdigest()}"
