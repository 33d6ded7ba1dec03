"""What lies in a folder, and how much of the disk it takes: a file once, whatever its names."""

import os
import stat
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

_BLOCK = 512  # bytes, in which stat counts blocks everywhere


class Entry(NamedTuple):
    """A file, a folder, or whatever else has a name.

    Attributes:
        path: where it is.
        size: bytes of the disk that it takes.
        content: what tells it from others that are no other name of it.
        names: how many it has; 1 for a folder.
    """

    path: Path
    size: int
    content: tuple[int, int]
    names: int


def below(folder: Path) -> Iterator[Entry]:
    """A folder and all that is in it, in no order; no link is followed.

    What goes meanwhile, as that of a tracker which sends it, is left out.
    """
    waiting = [str(folder)]
    try:
        yield _entry(waiting[0], os.lstat(folder))
    except FileNotFoundError:
        return
    while waiting:
        try:
            with os.scandir(waiting.pop()) as found:
                entries = list(found)
        except (FileNotFoundError, NotADirectoryError):
            continue
        for item in entries:
            try:
                info = item.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
            yield _entry(item.path, info)
            if item.is_dir(follow_symlinks=False):
                waiting.append(item.path)


def freed(entries: Iterable[Entry]) -> int:
    """Bytes that come free when all of these go: not those of a file that has other names, too."""
    every = {entry.path: entry for entry in entries}.values()
    gone = Counter(entry.content for entry in every)
    whole = {entry.content: entry for entry in every if gone[entry.content] >= entry.names}
    return sum(entry.size for entry in whole.values())


class Once:
    """Counts each file the first time that one of its names comes by."""

    def __init__(self) -> None:
        self._seen: set[tuple[int, int]] = set()

    def size(self, entry: Entry) -> int:
        """Bytes that the entry takes, 0 if another name of it was counted."""
        if entry.content in self._seen:
            return 0
        self._seen.add(entry.content)
        return entry.size


def _entry(path: str, info: os.stat_result) -> Entry:
    folder = stat.S_ISDIR(info.st_mode)
    names = 1 if folder else info.st_nlink
    return Entry(Path(path), info.st_blocks * _BLOCK, (info.st_dev, info.st_ino), names)
