"""Where what was computed from a data folder is kept for the next run."""

import os
import sys
from hashlib import blake2s
from pathlib import Path


def cache_folder(data_dir: Path) -> Path:
    """`.cache` in the data folder; where that can't be written, the person's own cache folder.

    The first is shared by all who use the data, and goes where they go. The second is below
    `XDG_CACHE_HOME` (`~/.cache`), one for each data folder. Where neither can be made, to write
    there is an error.
    """
    folder = data_dir / ".cache"
    if not _is_writable(folder):
        name = blake2s(os.fsencode(data_dir.resolve()), digest_size=16).hexdigest()
        home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        folder = Path(home, "project-data", name)
        _is_writable(folder)
    return folder


def _is_writable(folder: Path) -> bool:
    """Whether files can be made in the folder, which is made if it isn't there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


def note(text: str) -> None:
    """Say what is done more slowly than it could be, and why."""
    print(f"note: {text}", file=sys.stderr)
