"""Which images of arrays in memory are the same, pixel by pixel."""

from collections.abc import Sequence

import numpy as np
import torch
from blake3 import blake3
from torch import Tensor

CHUNK_WORDS = 2**18


def identify(arrays: Sequence[Tensor]) -> np.ndarray:
    """Numbers `(n,)` int64, which are equal for equal images.

    Args:
        arrays: `(m, C, H, W)` uint8 or float32 on the CPU, n images together, all of one shape.
    """
    rows = [images.flatten(1).view(torch.uint8).numpy() for images in arrays]
    sums = np.concatenate([_sums(part) for part in rows])
    numbers = np.arange(len(sums))
    _, inverse, counts = np.unique(sums, return_inverse=True, return_counts=True)
    may = np.flatnonzero(counts[inverse] > 1)
    if len(may):
        starts = np.cumsum([0, *map(len, rows)])
        parts = np.searchsorted(starts, may, side="right") - 1
        positions = zip(parts.tolist(), (may - starts[parts]).tolist(), strict=True)
        exact = [blake3(rows[part][i].tobytes()).digest() for part, i in positions]
        first = {digest: int(i) for digest, i in zip(reversed(exact), may[::-1], strict=True)}
        numbers[may] = [first[digest] for digest in exact]
    return numbers


def _sums(rows: np.ndarray) -> np.ndarray:
    """A hash of each row of bytes, `(m,)` uint64: a sum of its words, weighted at random.

    Of two rows that are not the same it is the same once in 2^32 at most, which is checked.
    """
    padded = np.pad(rows, ((0, 0), (0, -rows.shape[1] % 4))) if rows.shape[1] % 4 else rows
    words = np.ascontiguousarray(padded).view(np.uint32)
    weights = np.random.default_rng(0).integers(0, 2**64, words.shape[1], np.uint64)
    per_chunk = max(1, CHUNK_WORDS // words.shape[1])
    chunks = range(0, len(words), per_chunk)
    pieces = (words[slice(i, i + per_chunk)] for i in chunks)
    found = [piece.astype(np.uint64) @ weights for piece in pieces]
    return np.concatenate(found) if found else np.zeros(0, np.uint64)
