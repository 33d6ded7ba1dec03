"""Files as bytes in memory, which one reading of the disk both hashes and decodes."""

import io
from pathlib import Path


def content_of(path: str | Path) -> io.BytesIO:
    """All of a file.

    Raises:
        OSError: it can't be read.
    """
    with open(path, "rb") as file:
        return io.BytesIO(file.read())
