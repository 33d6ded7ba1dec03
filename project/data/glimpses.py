"""What is kept of each picture that is decoded: enough to find equal ones, and to tell of odd ones.

Whether two pictures are the same is decided by all their pixels; a glimpse says which may be.
"""

from pathlib import Path

import numpy as np
import PIL
from blake3 import blake3

from project.data._fit import CROP, mark
from project.data._rows import remember_rows, remembered_rows
from project.data.cache import cache_folder
from project.data.decoding import Decoded

KNOWN, REDUCED, SEE_THROUGH, FILM = 1, 2, 4, 8
GLIMPSE = np.dtype(
    [
        ("flags", "u1"),  # of those above
        ("coarse", "u1", 12),  # the means of the square's quarters, by three channels
        ("key", "<u8"),  # a hash of width, height and the square: equal for equal pictures
        ("size", "<u4", 2),  # width and height of the picture
        ("content", "<u8"),  # a hash of all its pixels, where it was needed; else 0
    ]
)
_FORMAT = f"glimpses 2, Pillow {PIL.__version__}\n".encode()


def glimpse(decoded: Decoded) -> np.ndarray:
    """The glimpse of a decoded picture, `()` of dtype GLIMPSE."""
    flags = KNOWN | REDUCED * decoded.reduced | SEE_THROUGH * decoded.see_through
    flags |= FILM * decoded.is_film
    key = short_hash(f"{decoded.size} ".encode() + decoded.pixels.tobytes())
    return np.array((flags, _quarters(decoded.pixels), key, decoded.size, 0), GLIMPSE)


def _quarters(pixels: np.ndarray) -> np.ndarray:
    """The means of the quarters of `(3, n, n)`, `(12,)`; where n is odd, they share a middle."""
    half = (pixels.shape[1] + 1) // 2
    ends = slice(half), slice(-half, None)
    rows = [pixels[:, end].sum(1, dtype=np.uint32) for end in ends]
    return np.concatenate([row[:, end].sum(1) for row in rows for end in ends]) // half**2


def short_hash(content: bytes) -> int:
    """The first 64 bits of BLAKE3: of a million pictures, two are alike with 3 in 10^8."""
    return int.from_bytes(blake3(content).digest()[:8], "little")


def remembered(digests: np.ndarray, folder: Path, size: int, fit: str = CROP) -> np.ndarray:
    """The glimpses `(n,)` of files with these digests `(n, 32)`; those not remembered are zeros.

    Args:
        digests: the hashes of the files' contents.
        folder: the data folder.
        size: pixels a side of the squares.
        fit: how the pictures became squares.
    """
    return remembered_rows(digests, _cache(folder, size, fit), _FORMAT, GLIMPSE)


def remember(
    glimpses: np.ndarray, digests: np.ndarray, folder: Path, size: int, fit: str = CROP
) -> None:
    """Keep the glimpses of files with these digests for `remembered`."""
    remember_rows(glimpses, digests, _cache(folder, size, fit), _FORMAT, "the pictures")


def _cache(folder: Path, size: int, fit: str) -> Path:
    return cache_folder(folder) / f"glimpses-{size}{mark(fit)}"
