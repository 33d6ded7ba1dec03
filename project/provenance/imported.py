"""Which sources this process has imported, and the hash of each as it is."""

import os
import site
import sys
import sysconfig
from functools import cache
from pathlib import Path
from types import ModuleType

from blake3 import blake3

# Of `sysconfig`: where modules are installed, and commands such as pytest.
_PATHS = ("stdlib", "platstdlib", "purelib", "platlib", "scripts")


def imported_sources(root: Path) -> dict[str, str]:
    """BLAKE3, in hex, of each file that a module was imported from, by its name, sorted.

    What is below `root` is named from there, all else by its whole path. Python's own modules and
    those of installed distributions, which their versions name, are left out.

    Raises:
        OSError: a file can't be read; it may have been deleted since.
    """
    return {_name(path, root): file_hash(path) for path in sorted(imported_files())}


def imported_files() -> set[str]:
    """Absolute paths of the files that modules were imported from, but for installed ones."""
    found = set()
    for module in list(sys.modules.values()):
        # Not by attribute: modules that load themselves when they are looked at would do so.
        place = module.__dict__.get("__file__") if isinstance(module, ModuleType) else None
        if isinstance(place, str) and not place.startswith(_installed()):
            path = os.path.abspath(place)
            if not path.startswith(_installed()) and os.path.isfile(path):
                found.add(path)
    return found


def hashes_now(names: list[str], root: Path) -> dict[str, str | None]:
    """The hash of each file that `imported_sources` has named, as it is now; None: it is gone.

    Raises:
        OSError: a file is there and can't be read.
    """
    paths = {name: root / name for name in names}  # a whole path stays as it is
    return {name: file_hash(path) if path.is_file() else None for name, path in paths.items()}


def file_hash(path: str | Path) -> str:
    """BLAKE3, in hex, of a file's content.

    Raises:
        OSError: it can't be read.
    """
    return blake3(Path(path).read_bytes()).hexdigest()


def _name(path: str, root: Path) -> str:
    below = os.path.join(os.path.abspath(root), "")
    return Path(path.removeprefix(below)).as_posix()


@cache
def _installed() -> tuple[str, ...]:
    """Folders of Python itself and of what was installed for it, each with a slash at its end."""
    paths = sysconfig.get_paths()
    places = [paths[name] for name in _PATHS]
    places += [*site.getsitepackages(), site.getusersitepackages()]
    # Those on PYTHONPATH: a cluster's, or of `pip install --target`; not what this file lies in.
    more = [p for p in map(os.path.abspath, sys.path) if not __file__.startswith(p)]
    places += [place for place in more if any(Path(place).glob("*.dist-info"))]
    # A virtual environment's folders may be links.
    forms = {form for place in places for form in (place, os.path.realpath(place))}
    return tuple(os.path.join(form, "") for form in forms)
