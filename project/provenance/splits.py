"""Which samples a run trained on and which it held out, by the beginning of each one's hash."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from project.run_directory import SPLITS

if TYPE_CHECKING:
    import numpy as np


def encode(hashes: Mapping[str, np.ndarray]) -> bytes:
    """The content of the file, which `numpy.load` reads; of a million samples it takes 8 MB.

    Args:
        hashes: by split, `(n, 8)` uint8, in the split's order.
    """
    import numpy as np  # only what trains needs it

    file = io.BytesIO()
    np.savez(file, **hashes)
    return file.getvalue()


def read(folder: Path) -> dict[str, np.ndarray] | None:
    """What `encode` was given, of the run or the stage in `folder`; None if it has no such file.

    Raises:
        ValueError: the file is damaged.
        OSError: it can't be read.
    """
    import numpy as np

    path = folder / SPLITS
    if not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as file:
            return dict(file)
    except (ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} is damaged: {error}") from error
