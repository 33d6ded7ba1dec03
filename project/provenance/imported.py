"""Which sources this process has imported, and the hash of each as it is."""

import os
import sys
from collections.abc import Iterable, Iterator
from itertools import takewhile
from pathlib import Path
from types import ModuleType

from blake3 import blake3

from project.words.places import installed

_kept: dict[str, str] = {}  # the hash of a file by its whole path
# What `_files_of` all modules gave when these were kept, and the latest module's name by then.
_former: list[tuple[str, str]] = []
_latest: list[str] = []


def imported_sources(root: Path) -> dict[str, str]:
    """BLAKE3, in hex, of each file that a module was imported from, by its name, sorted.

    What is below `root` is named from there, all else by its whole path. Python's own modules and
    those of installed distributions, which their versions name, are left out.

    Raises:
        OSError: a file can't be read; it may have been deleted since.
    """
    hashes = {path: _kept.get(path) or file_hash(path) for path in sorted(imported_files())}
    return {_name(path, root): found for path, found in hashes.items()}


def keep_hashes() -> None:
    """Let what is imported by now count as it is now, in forks of this process too.

    Raises:
        OSError: as of `imported_sources`.
    """
    _former[:] = _files_of([name for name in sys.modules if name != "__main__"])
    _latest[:] = [*sys.modules][-1:]
    _kept.update({path: file_hash(path) for path in imported_files()})


def imported_files() -> set[str]:
    """Absolute paths of the files that modules were imported from, but for installed ones."""
    return {path for _, path in _imported()}


def module_files(root: Path) -> dict[str, str]:
    """Where each imported file of Python has to lie below a folder on `sys.path`: `pkg/mod.py`.

    By the file's name, as `imported_sources` has it. A file that Python would not find by its
    module's name, as a script, is left out.
    """
    found = {}
    for module, path in _imported():
        *folders, last = module.split(".")
        package = [*folders, last, "__init__.py"]
        for parts in ([*folders, f"{last}.py"], package):
            ending = os.path.join("", *parts)
            if path.endswith(os.sep + ending) and all(map(str.isidentifier, [*folders, last])):
                found.setdefault(_name(path, root), "/".join(parts))
    return found


def _imported() -> Iterator[tuple[str, str]]:
    """Name and absolute path of each module that is not installed.

    A fork looks at its own alone: to look at thousands of others would copy the memory they are in.
    """
    yield from _former
    own = [*takewhile(lambda name: name not in _latest, reversed(sys.modules))]
    # It is another one in a fork, in the same place.
    yield from _files_of(dict.fromkeys(["__main__", *reversed(own)]))


def _files_of(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    for name in names:
        module = sys.modules[name]
        # Not by attribute: modules that load themselves when they are looked at would do so.
        told = module.__dict__ if isinstance(module, ModuleType) else {}
        place, spec = told.get("__file__"), told.get("__spec__")
        if isinstance(place, str) and not place.startswith(installed()):
            path = os.path.abspath(place)
            if not path.startswith(installed()) and os.path.isfile(path):
                # That of `python -m NAME` is `__main__`.
                yield str(getattr(spec, "name", None) or name), path


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
    return bytes_hash(Path(path).read_bytes())


def bytes_hash(content: bytes) -> str:
    """BLAKE3, in hex."""
    return blake3(content).hexdigest()


def _name(path: str, root: Path) -> str:
    below = os.path.join(os.path.abspath(root), "")
    return Path(path.removeprefix(below)).as_posix()
