"""What is kept of each picture with a mask that was read once: what it equals, and its classes."""

from pathlib import Path

import numpy as np
import PIL
import torch
from torch import Tensor

from project.cli.stage import count, stage
from project.data._rows import remember_rows, remembered_rows
from project.data.cache import cache_folder
from project.data.glimpses import short_hash
from project.data.reading import Read
from project.data.workers import read_ahead

LOOK = np.dtype(
    [
        ("size", "<u4", 2),  # height and width; 0: it was not looked at
        ("image", "<u8"),  # a hash of the picture's data type, shape and pixels
        ("mask", "<u8"),  # likewise
        ("pixels", "<u4", 256),  # how many of the mask have each value
    ]
)
_FORMAT = f"pairs 1, Pillow {PIL.__version__}, NumPy {np.__version__}\n".encode()
AT_ONCE = 16


def look(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """What is kept, `()` of dtype LOOK, of `(C, H, W)` and `(H, W)` uint8."""
    found = np.zeros((), LOOK)
    found["size"], found["image"], found["mask"] = mask.shape, _hash(image), _hash(mask)
    found["pixels"] = np.bincount(mask.ravel(), minlength=256)
    return found


def look_at_all(
    read: Read, sizes: np.ndarray, digests: np.ndarray, folder: Path, num_workers: int
) -> np.ndarray:
    """What is kept of all, `(n,)` of dtype LOOK; what was looked at before is remembered.

    Args:
        read: gives each.
        sizes: `(n, 2)`, heights and widths.
        digests: `(n, 32)` uint8, a hash of each pair's files.
        folder: the data folder.
        num_workers: processes that read.

    Raises:
        ValueError: one can't be read; the message names it.
        OSError: likewise.
    """
    path = cache_folder(folder) / f"pairs-{read.mark}"
    found = remembered_rows(digests, path, _FORMAT, LOOK)
    rest = np.flatnonzero((found["size"] != sizes).any(axis=1))
    if not len(rest):
        return found
    stage("looking at the pictures")
    items = [rest[i:][:AT_ONCE].tolist() for i in range(0, len(rest), AT_ONCE)]
    arriving = read_ahead(_Looker(read), items, num_workers, pin=False)
    for done, (rows, item) in enumerate(zip(arriving, items, strict=True), start=1):
        found[item] = rows.numpy().view(LOOK).ravel()
        count(min(done * AT_ONCE, len(rest)), len(rest))
    remember_rows(found, digests, path, _FORMAT, "the pictures")
    return found


class _Looker:
    """What a worker runs: lists of indices become what is kept of these, as bytes `(b, m)`."""

    def __init__(self, read: Read) -> None:
        self._read = read

    def __call__(self, indices: list[int]) -> Tensor:
        found = np.array([look(*self._read(i)) for i in indices], LOOK)
        return torch.from_numpy(found.view(np.uint8).reshape(len(indices), -1))


def _hash(values: np.ndarray) -> int:
    return short_hash(f"{values.dtype} {values.shape} ".encode() + values.tobytes())
