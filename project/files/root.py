"""Where the project's sources lie, and how a process started anywhere finds them."""

import os
from pathlib import Path

# The folder that holds the package: a clone, or what an archive was unpacked to.
ROOT = Path(__file__).resolve().parents[2]


def findable() -> dict[str, str]:
    """The environment for a process that imports this package, wherever it is started."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return {**os.environ, "PYTHONPATH": path}


def findable_here() -> dict[str, str]:
    """Likewise, for one that is started in this folder: as it is where that finds the package."""
    folders = [".", *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    return dict(os.environ) if ROOT in map(Path.resolve, map(Path, folders)) else findable()
