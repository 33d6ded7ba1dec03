"""What a person names to be predicted, one image after another; never a list of all."""

import os
from collections.abc import Iterable, Iterator, Sequence
from glob import has_magic, iglob
from itertools import chain, islice
from typing import IO, NamedTuple

import numpy as np

from project.data.decoding import EXTENSIONS
from project.inference.video import VIDEOS, frames

ARRAYS = (".npy", ".npz")
ALL = (*EXTENSIONS, *ARRAYS, *VIDEOS)
# Names of a folder that are sorted; of one with more, they come as the system lists them.
SORTED = 10_000
STDIN = "-"


class Item(NamedTuple):
    """An image to be read.

    Attributes:
        name: for people, and for the row.
        path: of its file.
        part: of a file of several: the array's name (None in `.npy`) and the image in it, which is
            None where the array is one image.
        pixels: of a video's frame, `(H, W, 3)` uint8; None: it is yet to be read.
    """

    name: str
    path: str
    part: tuple[str | None, int | None] | None = None
    pixels: np.ndarray | None = None


def named(arguments: Sequence[str], channels: int, stdin: IO[str]) -> Iterator[Item]:
    """The images of all arguments: files, folders, patterns, or `-` for a list of files.

    What is given by a name of its own must be there; it is looked for before the first is read.

    Args:
        arguments: as typed.
        channels: of an image, which tell an array of one from an array of several.
        stdin: lines of names.

    Raises:
        ValueError: there is no such file, a pattern matches none, or a folder holds none.
        OSError: a folder can't be read.
    """
    paths = chain.from_iterable([_paths(argument, stdin) for argument in arguments])
    return chain.from_iterable(_items(path, channels) for path in paths)


def _paths(argument: str, stdin: IO[str]) -> Iterable[str]:
    if argument == STDIN:
        return (line.rstrip("\n") for line in stdin if line.strip())
    if os.path.isdir(argument):
        why = f"{argument} holds no images ({' '.join(ALL)})"
        return _some(_below(argument), why)
    if os.path.lexists(argument):
        return [argument]
    if has_magic(argument):
        found = iglob(argument, recursive=True)
        return _some(chain.from_iterable(map(_of_match, found)), f"{argument!r} matches no file")
    raise ValueError(f"{argument}: there is no such file or folder")


def _of_match(path: str) -> Iterable[str]:
    return _below(path) if os.path.isdir(path) else [path]


def _some(paths: Iterator[str], why: str) -> Iterator[str]:
    """The same paths.

    Raises:
        ValueError: there are none.
    """
    first = next(paths, None)
    if first is None:
        raise ValueError(why)
    return chain([first], paths)


def _below(folder: str) -> Iterator[str]:
    """Images anywhere below a folder; what is hidden, and folders behind links, are left alone."""
    with os.scandir(folder) as entries:
        every = (entry for entry in entries if not entry.name.startswith("."))
        first = list(islice(every, SORTED))
        some = sorted(first, key=lambda e: e.name) if len(first) < SORTED else first
        for entry in chain(some, every):
            if entry.is_dir(follow_symlinks=False):
                yield from _below(entry.path)
            elif entry.name.lower().endswith(ALL):
                yield entry.path


def _items(path: str, channels: int) -> Iterator[Item]:
    ending = os.path.splitext(path)[1].lower()
    if ending in VIDEOS:
        for i, pixels in enumerate(frames(path)):
            yield Item(f"{path}[{i}]", path, pixels=pixels)
    elif ending in ARRAYS:
        yield from _of_arrays(path, channels)
    else:
        yield Item(path, path)


def _of_arrays(path: str, channels: int) -> Iterator[Item]:
    try:
        shapes = _shapes(path)
    except (ValueError, OSError, EOFError):
        yield Item(path, path)  # to be told, with all that can't be read, by who reads it
        return
    for name, shape in shapes.items():
        whole = f"{path}[{name}]" if name is not None else path
        if _is_several(shape, channels):
            for i in range(shape[0]):
                yield Item(f"{whole}[{i}]", path, (name, i))
        else:
            yield Item(whole, path, None if name is None else (name, None))


def _shapes(path: str) -> dict[str | None, tuple[int, ...]]:
    """Of the arrays in a file, by name; one of `.npy` has none."""
    if path.lower().endswith(".npy"):
        return {None: np.load(path, mmap_mode="r", allow_pickle=False).shape}
    with np.load(path, allow_pickle=False) as found:
        return {name: found[name].shape for name in found.files}


def _is_several(shape: tuple[int, ...], channels: int) -> bool:
    """Whether an array holds several images: `(n, H, W, C)`, `(n, C, H, W)`, or `(n, H, W)`."""
    if len(shape) == 4:
        return True
    return len(shape) == 3 and channels == 1 and 1 not in (shape[0], shape[2])
