"""Unpacking an exported run: only what export writes, within bounds that are told beforehand."""

import math
import os
import re
import shutil
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from project.hyperparameters import BY_NAME
from project.provenance import commits
from project.provenance._tar import walk
from project.provenance.find import RUN_ID
from project.provenance.seal import is_part
from project.run_directory import NOTES, OUTCOME, RECORD, REPRODUCTIONS, RESERVED, SOURCE
from project.words.names import printable

# Weights hardly shrink, so a large run is a large archive; these stop what is small until unpacked.
MOST_GIB, MOST_FILES = 2.0, 10_000
# Systems take names of 4096 bytes with the folders around; each folder of a name is looked at.
_LONGEST, _DEEPEST = 1024, 64
_OTHERS = re.compile(REPRODUCTIONS + r"/[^/.][^/]*\.json")
_EXP_NAME = re.compile(BY_NAME["exp_name"].metadata["pattern"])


@dataclass(frozen=True)
class Limits:
    """How much an archive may unpack to.

    Attributes:
        gib: sum of its files, in GiB.
        files: their number.
    """

    gib: float = MOST_GIB
    files: int = MOST_FILES

    def __post_init__(self) -> None:
        for flag, value in (("--max-gib", self.gib), ("--max-files", self.files)):
            if not 0 < value < math.inf:
                raise ValueError(f"{flag} {value}: give a number above 0")

    def check(self, archive: Path, size: int, files: int) -> None:
        """
        Raises:
            ValueError: that is too much.
        """
        if size > self.gib * 2**30:
            raise ValueError(
                f"{archive} is not unpacked: its files take {size / 2**30:.1f} GiB or more, over"
                f" {self.gib:g} GiB; --max-gib takes more in, if it is from someone you trust"
            )
        if files > self.files:
            raise ValueError(
                f"{archive} is not unpacked: it holds more than {self.files:,} files; --max-files"
                " takes more in, if it is from someone you trust"
            )


def survey(archive: Path, limits: Limits) -> tuple[str, int]:
    """Read all of an archive without writing anything.

    Returns:
        `<exp-name>/<run-id>` of the one run in it, and the sum of its files' sizes in bytes.
    Raises:
        ValueError: it is no exported run, is damaged, holds what no export writes, or too much.
        OSError: it can't be read.
    """
    names: list[str] = []
    total = 0
    for name, size, _ in walk(archive):
        names.append(name)
        total += size
        # Before the content: it need not be decompressed to be too much.
        limits.check(archive, total, len(names))
        if fault := fault_of(name):
            raise ValueError(f"{archive} is no exported run: {fault}")
    runs = {"/".join(name.split("/")[:2]) for name in names}
    records = [name for name in names if name.endswith(f"/{RECORD}") and name.count("/") == 2]
    if len(runs) != 1 or not records:
        raise ValueError(
            f"{archive} is no exported run: it holds {len(runs)} runs, {len(records)} records"
        )
    if fault := clash(names):
        raise ValueError(f"{archive} is no exported run: {fault}")
    return runs.pop(), total


def unpack(archive: Path, folder: Path, limits: Limits) -> None:
    """Write the files of a surveyed archive below `folder`, none of them with a right to run.

    Raises:
        ValueError: the archive is another one now.
        OSError: they can't be written.
    """
    total = n = 0
    for name, size, content in walk(archive):
        total, n = total + size, n + 1
        limits.check(archive, total, n)
        if fault := fault_of(name):
            raise ValueError(f"{archive} is no exported run: {fault}")
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Anew: what is there already has the same name on this file system.
            with open(path, "xb") as file:
                shutil.copyfileobj(_Chunks(content), file, 1 << 20)
        except OSError as error:
            # People know their disk and the archive, not the place where it is unpacked.
            raise OSError(error.errno, error.strerror, str(folder.parent)) from error


class _Chunks:
    """What an iterator gives, as something to read from."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)

    def read(self, size: int) -> bytes:
        return next(self._chunks, b"")


def is_exported(name: str) -> bool:
    """Whether an archive may hold a file of this name, relative to the run's directory."""
    source = f"{SOURCE}/"
    return (
        is_part(name)
        or name in (OUTCOME, NOTES)
        or _OTHERS.fullmatch(name) is not None
        or (name.startswith(source) and commits.is_packed_name(name.removeprefix(source)))
    )


def clash(names: Iterable[str]) -> str | None:
    """Two names that are one, or a file and a folder, on some file system; None if there are none.

    Export refuses them as import does: an archive is for other machines.
    """
    seen: dict[str, str] = {}
    folders: set[str] = set()
    for name in names:
        key = unicodedata.normalize("NFC", name).casefold()
        if key in seen:
            return f"it has both {printable(seen[key])} and {printable(name)}"
        seen[key] = name
        while (key := key.rpartition("/")[0]) and key not in folders:
            folders.add(key)
    for key in seen.keys() & folders:
        return f"{printable(seen[key])} is both a file and a folder"
    return None


def fault_of(name: str) -> str | None:
    """Why an archive holds no file of this name, `EXP-NAME/RUN-ID/...`; None if it may."""
    shown = printable(name) if len(name) <= 200 else f"{printable(name[:200])}..."
    if os.path.isabs(name):
        return f"{shown} is an absolute name"
    parts = name.split("/")
    if ".." in parts:
        return f"{shown} leads out of its folder"
    if not name.isprintable() or "\\" in name or any(p in ("", ".") for p in parts):
        return f"{shown} is no name of a file"
    too_long = len(name.encode()) > _LONGEST or len(parts) > _DEEPEST
    if too_long or any(len(part.encode()) > 255 for part in parts):
        return f"{shown} is too long a name"
    exp_name, run_id, rest = [*parts, "", ""][0], [*parts, ""][1], "/".join(parts[2:])
    if not _EXP_NAME.fullmatch(exp_name) or exp_name in RESERVED or not RUN_ID.fullmatch(run_id):
        return f"{shown} is in no run's folder"
    # What git would take for a repository, with commands of its own, no commit can hold.
    odd = not is_exported(rest) or ".git" in rest.casefold().split("/")
    return f"{shown} is nothing that an export writes" if odd else None
