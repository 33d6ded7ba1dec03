"""What lies in a folder of data: without what is hidden or a system's, links followed."""

import os
from collections.abc import Iterator
from pathlib import Path

from project.data._split_folders import is_noise


def subfolders(folder: Path) -> list[str]:
    """Names in sorted order, without hidden ones such as our `.cache`.

    Raises:
        ValueError: there is a link to nothing.
        OSError: the folder can't be read.
    """
    return _names(folder, folders=True)


def files(folder: Path) -> list[str]:
    """Paths in sorted order of what lies directly in a folder; errors as of `subfolders`."""
    return [str(folder / name) for name in _names(folder, folders=False)]


def walk(folder: Path, endings: tuple[str, ...], skipped: list[str]) -> list[str]:
    """Paths of the files anywhere below a folder, sorted by their parts.

    Args:
        folder: where they are.
        endings: of their names, in lower case, whatever the case of theirs.
        skipped: gets the paths of all others.

    Raises:
        ValueError: a link leads to nothing or into a circle, or what has such an ending is no file.
        OSError: a folder can't be read.
    """
    found = _walk(str(folder), endings, (), skipped)
    return sorted(found, key=lambda path: path.split("/"))


def _walk(
    folder: str, endings: tuple[str, ...], above: tuple[tuple[int, int], ...], skipped: list[str]
) -> Iterator[str]:
    """`above` tells the folders on the way, by inode."""
    status = os.stat(folder)
    here = (status.st_dev, status.st_ino)
    if here in above:
        raise ValueError(f"{folder!r} is a link to a folder that it lies in; remove the link")
    with os.scandir(folder) as entries:
        for entry in entries:
            if is_noise(entry.name):
                continue
            _refuse_broken(entry)
            if entry.is_dir():
                yield from _walk(entry.path, endings, (*above, here), skipped)
            elif entry.name.lower().endswith(endings):
                if not entry.is_file():
                    raise ValueError(f"{entry.path!r} is no file; remove it")
                yield entry.path
            else:
                skipped.append(entry.path)


def _names(folder: Path, *, folders: bool) -> list[str]:
    with os.scandir(str(folder)) as entries:
        found = [entry for entry in entries if not is_noise(entry.name)]
    for entry in found:
        _refuse_broken(entry)
    return sorted(entry.name for entry in found if entry.is_dir() == folders)


def _refuse_broken(entry: os.DirEntry[str]) -> None:
    """Refuse a link to nothing: it may have been a class, or a split."""
    if entry.is_symlink() and not os.path.exists(entry.path):
        raise ValueError(f"{entry.path!r} is a broken link; mend or remove it")
