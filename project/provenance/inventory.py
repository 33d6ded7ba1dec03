"""What lies in a run's directory: whether each entry is a plain file, and whether a run has it."""

import os
import re
import stat
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from project.files import read_json
from project.run_directory import (
    AFTER,
    CHECKPOINTS,
    FIGURES,
    LOCK,
    MASKED,
    NEPTUNE,
    NOTES,
    PACK,
    PLUGS,
    PROFILE,
    REPRODUCTIONS,
    SOURCE,
    STAGE_FILES,
    TENSORBOARD,
    TRACKING,
    state_of,
)
from project.words.names import printable

# What may come or change after the end: locks, what people write of a run, where it was sent, how
# it was reproduced, what is being made of it or was left of that (what is whole `after` knows), and
# the sources that it brought along in an archive; and what it did not keep and was killed over
# removing.
_LATER = re.compile(
    rf"{re.escape(LOCK)}|{re.escape(NOTES)}|\.{re.escape(NOTES)}\.[^/]+"
    rf"|{CHECKPOINTS}/\.[^/]+\.pt\.aside"
    rf"|{REPRODUCTIONS}/[^/]+\.json|{REPRODUCTIONS}/\.[^/]+\.json\.[^/]+"
    rf"|{SOURCE}/{re.escape(PACK)}|{SOURCE}/{MASKED}/.+"
    rf"|{TRACKING}/[^/.][^/]*\.(json|log|lock)|{TRACKING}/\.[^/]+\.json\.[^/]+"
    rf"|{AFTER}/\.[^/]+\.[a-z0-9_]{{8}}/.+"
    rf"|{TENSORBOARD}/[^/]+|{re.escape(NEPTUNE)}/.+",
    re.DOTALL,
)
_FOLDERS = {CHECKPOINTS, FIGURES, PROFILE, TRACKING, REPRODUCTIONS, SOURCE}
_FOLDERS |= {AFTER, TENSORBOARD, NEPTUNE, STAGE_FILES, PLUGS}
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def oddities(directory: Path, names: Iterable[str]) -> list[str]:
    """Those of a run's files that are none, or that stand behind a link, a line each.

    Nothing is opened: reading a FIFO would wait for ever.

    Args:
        directory: of the run.
        names: paths below it, of files that it should have; a missing one is passed over.
    """
    found = []
    folders = dict.fromkeys(
        parent.as_posix() for name in names for parent in reversed(Path(name).parents[:-1])
    )
    for name in folders:
        if (what := _what(directory / name)) and what != _KINDS[stat.S_IFDIR]:
            found.append(f"{printable(name)} is {what}, not the folder that the run had")
    for name in names:
        if what := _what(directory / name):
            found.append(f"{printable(name)} is {what}, not the file that the run had")
    return found


def strays(directory: Path, known: Collection[str]) -> list[str]:
    """What lies in a run's directory and is no part of a run, a line each.

    Args:
        directory: of the run.
        known: paths below it of the files that are told of elsewhere.
    """
    found = []
    for name, path in _below(directory, ""):
        what = _what(path)
        if name in known:
            continue
        if what == _KINDS[stat.S_IFDIR]:
            if Path(name).parts[0] not in _FOLDERS and not any(path.iterdir()):
                found.append(f"{printable(name)}/ is no part of the run")
        elif not _LATER.fullmatch(name):
            found.append(f"{printable(name)} is no part of the run")
        elif what:
            found.append(f"{printable(name)} is {what}, not a file of the run")
    return found


def shared(directory: Path, names: Iterable[str]) -> list[str]:
    """Those of a run's files, by their paths below it, that can be changed from elsewhere.

    What was sent to the MLflow store beside the runs has a name there, too, which MLflow only ever
    replaces or deletes.
    """
    stored = _sent(directory)
    return [
        f"{printable(name)} has {info.st_nlink} names (hard links): what is written under another"
        " one changes it too"
        for name, info in _plain(directory, names)
        if info.st_nlink > 1 + (name in stored)
    ]


def _sent(directory: Path) -> Collection[str]:
    path = state_of(directory, "mlflow")
    try:
        files = read_json(path, "files")["files"] if _what(path) is None else ()
    except (OSError, ValueError):
        return ()  # it was sent nowhere, or nobody can tell
    return files if isinstance(files, dict) else ()


def writable(directory: Path, names: Iterable[str]) -> list[str]:
    """The paths of those of a run's files that somebody has the right to write."""
    return [name for name, info in _plain(directory, names) if info.st_mode & 0o222]


def _plain(directory: Path, names: Iterable[str]) -> Iterator[tuple[str, os.stat_result]]:
    for name in names:
        # Others are told as missing, or as what they are.
        with suppress(OSError):
            if stat.S_ISREG((info := os.lstat(directory / name)).st_mode):
                yield name, info


def _what(path: Path) -> str | None:
    """What `path` is, if it is no plain file; None too where nothing is."""
    try:
        mode = os.lstat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    if stat.S_ISREG(mode):
        return None
    if stat.S_ISLNK(mode):
        return f"a link to {printable(os.readlink(path))}"
    return _KINDS.get(stat.S_IFMT(mode), "no plain file")


def _below(folder: Path, prefix: str) -> Iterator[tuple[str, Path]]:
    """All entries below `folder`, in order, with their paths there; no link is followed."""
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except FileNotFoundError:
        return  # a tracker that still sends removes what it has sent
    for entry in entries:
        name = f"{prefix}{entry.name}"
        yield name, Path(entry.path)
        if entry.is_dir(follow_symlinks=False):
            yield from _below(Path(entry.path), f"{name}/")
