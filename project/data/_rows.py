"""Rows of a table, one of each file or pair, remembered by the hash of its content."""

from pathlib import Path

import numpy as np

from project.data.blake import hasher
from project.data.cache import note
from project.files import write_atomic


def remembered_rows(digests: np.ndarray, path: Path, header: bytes, dtype: np.dtype) -> np.ndarray:
    """The rows `(n,)` of what has these digests `(n, 32)`; those not remembered are zeros.

    Args:
        digests: the hashes.
        path: of the table; none, a damaged one, or one with another header is as good as empty.
        header: what the table begins with: it names what its rows mean.
        dtype: of a row.
    """
    found = np.zeros(len(digests), dtype)
    known = _load(path, header, _entry(dtype))
    order = np.argsort(first_bits(known["digest"]), kind="stable")
    known = known[order]
    rows = np.searchsorted(first_bits(known["digest"]), first_bits(digests))
    there = np.flatnonzero(rows < len(known))
    same = there[(known["digest"][rows[there]] == digests[there]).all(axis=1)]
    found[same] = known["row"][rows[same]]
    return found


def remember_rows(
    rows: np.ndarray, digests: np.ndarray, path: Path, header: bytes, what: str
) -> None:
    """Keep the rows of what has these digests for `remembered_rows`.

    Where the file can't be written, a line says what will be looked at again.
    """
    _, first = np.unique(first_bits(digests), return_index=True)
    entries = np.zeros(len(first), _entry(rows.dtype))
    entries["digest"], entries["row"] = digests[first], rows[first]
    body = entries.tobytes()
    try:
        write_atomic(path, header + _check(body) + body)
    except OSError as error:
        note(f"{what} will be looked at again in the next run: {error}")


def first_bits(digests: np.ndarray) -> np.ndarray:
    """64 bits of each digest, `(n,)`."""
    return np.ascontiguousarray(digests[:, :8]).view("<u8").ravel()


def _entry(dtype: np.dtype) -> np.dtype:
    return np.dtype([("digest", "u1", 32), ("row", dtype)])


def _load(path: Path, header: bytes, entry: np.dtype) -> np.ndarray:
    try:
        content = path.read_bytes()
    except OSError:
        # It is no more than a shortcut; to write it says why that can't be done.
        return np.zeros(0, entry)
    start = len(header) + 32
    body = content[start:]
    # Damaged, or by another version of Pillow, which may decode otherwise.
    whole = content[:start] == header + _check(body)
    return np.frombuffer(body if whole else b"", entry)


def _check(body: bytes) -> bytes:
    return hasher().update(body).digest()
