"""The files that a data set was read from, by name, and the hash of each one's content."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True, eq=False)
class Files:
    """Files below one folder.

    Attributes:
        folder: the data folder.
        paths: of the n files, each below `folder`.
        digests: `(n, 32)` uint8, the BLAKE3 hash of each.
    """

    folder: Path
    paths: Sequence[str]
    digests: np.ndarray

    def hashes(self) -> Iterator[tuple[str, str]]:
        """Each file's name below the folder, and its hash in hexadecimal."""
        text = self.digests.tobytes().hex()
        for i, name in enumerate(names_below(self.folder, self.paths)):
            start, end = 64 * i, 64 * (i + 1)
            yield name, text[start:end]


def names_below(folder: Path, paths: Sequence[str]) -> list[str]:
    """`paths`, each made of `folder` and a name, without the folder."""
    # Of `.` and `/` nothing but themselves is left out.
    skipped = len(str(folder / "-")) - 1
    return [path[skipped:] for path in paths]
