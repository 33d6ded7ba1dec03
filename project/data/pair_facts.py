"""What images and masks in files are like: sizes, channels, values; looked at once, remembered."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
import PIL
from blake3 import blake3

from project.cli.stage import stage
from project.data._rows import remember_rows, remembered_rows
from project.data.cache import cache_folder
from project.data.coding import FILES, Coding
from project.data.inputs import facts
from project.data.mask_files import coded, read_mask
from project.data.remembered import digests_of

KNOWN, REAL = 1, 2
MOST = 3  # dimensions of an array
VALUES = 256
FACT = np.dtype(
    [
        ("flags", "u1"),  # of those above
        ("shape", "<i8", MOST),  # of a picture or mask height and width; the rest is 0
        ("channels", "u1"),  # of a picture; 0 of an array
        ("values", "u1", VALUES // 8),  # a bit for each value of a mask that has no coding
    ]
)
_HEADER = f"facts 1, Pillow {PIL.__version__}\n".encode()
Look = Callable[[str, IO[bytes]], np.ndarray]


class PairFacts(NamedTuple):
    """Of n pairs: `(n,)` of dtype FACT each, and `(n, 32)` uint8 the hashes of the files."""

    images: np.ndarray
    masks: np.ndarray
    image_digests: np.ndarray
    mask_digests: np.ndarray


def facts_of(
    images: Sequence[str],
    masks: Sequence[str],
    coding: Coding | None,
    ignored: int | None,
    folder: Path,
) -> PairFacts:
    """What files below a folder are like; those that are new or changed are read.

    Args:
        images: paths of the n images.
        masks: of the mask of each.
        coding: what the masks mean; None: their values are to be told.
        ignored: the value that is no class where there is no coding.
        folder: that they are in, and what was seen of them is kept for.

    Raises:
        ValueError: one can't be used; the message names it.
        OSError: one can't be read.
    """
    n = len(images)
    looked = np.zeros(2 * n, FACT)
    paths = [*images, *masks]

    def look(i: int, file: IO[bytes]) -> None:
        looked[i] = _image(paths[i], file) if i < n else _mask(paths[i], file, coding, ignored)

    stage("hashing images and masks")
    digests = digests_of(paths, folder, look)
    # Of masks it depends on the coding whether they can be used.
    means = blake3(coding.key()).hexdigest(8) if coding else f"{ignored}"
    parts = (slice(0, n), "images"), (slice(n, None), f"masks-{means}")
    for part, name in parts:
        table = cache_folder(folder) / f"facts-{name}"
        fresh = _is_known(looked[part])
        known = remembered_rows(digests[part], table, _HEADER, FACT)
        looked[part] = np.where(fresh, looked[part], known)
        rest = np.arange(2 * n)[part][~_is_known(looked[part])]
        _look_again(rest, paths, look)
        if fresh.any() or len(rest):
            remember_rows(looked[part], digests[part], table, _HEADER, "images and masks")
    return PairFacts(looked[:n], looked[n:], digests[:n], digests[n:])


def _is_known(found: np.ndarray) -> np.ndarray:
    return found["flags"] & KNOWN > 0


def _look_again(
    rest: np.ndarray, paths: Sequence[str], look: Callable[[int, IO[bytes]], None]
) -> None:
    """Look at files that did not change, but of which nothing is remembered."""

    def opened(i: int) -> None:
        with open(paths[i], "rb") as file:
            look(i, file)

    with ThreadPoolExecutor() as pool:
        for _ in pool.map(opened, rest.tolist()):
            pass


def _image(path: str, file: IO[bytes]) -> np.ndarray:
    shape, channels, is_real = facts(file, path)
    if not 2 <= len(shape) <= MOST or 0 in shape:
        raise ValueError(f"{path} is of shape {shape}, not (height, width) with channels or none")
    return _fact(shape, channels, REAL * is_real)


def _mask(path: str, file: IO[bytes], coding: Coding | None, ignored: int | None) -> np.ndarray:
    found = read_mask(file, path, coding is not None and coding.is_of_colours)
    if coding is not None or found.ndim == 3:
        coded(found, coding or Coding((), {}), path)
        return _fact(found.shape[:2])
    values = found[found != ignored]
    if values.size and values.max() >= VALUES:
        raise ValueError(
            f"the mask {path} has the value {values.max()}, more than there can be classes; say in"
            f" {FILES[0]} in the data folder what values mean, or --ignore-value {values.max()}"
        )
    is_there = np.bincount(values, minlength=VALUES) > 0
    if ignored is not None and ignored < VALUES:
        is_there[ignored] = values.size < found.size
    return _fact(found.shape, values=np.packbits(is_there))


def _fact(
    shape: tuple[int, ...], channels: int = 0, flags: int = 0, values: np.ndarray | int = 0
) -> np.ndarray:
    whole = np.zeros(MOST, np.int64)
    whole[: len(shape)] = shape
    fact = np.zeros((), FACT)
    fact["flags"], fact["shape"] = flags | KNOWN, whole
    fact["channels"], fact["values"] = channels, values
    return fact


def values_of(fact: np.ndarray) -> list[int]:
    """The values of a mask without a coding."""
    return np.flatnonzero(np.unpackbits(fact["values"])).tolist()


def shape_of(fact: np.ndarray) -> tuple[int, ...]:
    """Of a picture, mask or array."""
    return tuple(int(n) for n in fact["shape"] if n)
