"""Code from outside the project that came with a run: shown before it runs, and found again."""

import atexit
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import invalidate_caches
from pathlib import Path
from typing import Any

from blake3 import blake3

from project import plugs
from project.files import write_atomic
from project.inference.found import Found
from project.plugs import texts
from project.provenance import plug_files
from project.provenance.plug_files import PlugFile
from project.provenance.record import read_outcome
from project.run_directory import PLUGS

KINDS = ("model", "task", "data")


@dataclass(frozen=True)
class Brought:
    """The Python files that a run kept.

    Attributes:
        run: its directory.
        files: by their names below `plugs/`, as they were recorded.
    """

    run: Path
    files: Mapping[str, PlugFile]

    @property
    def hash(self) -> str:
        """Of all names and contents."""
        whole = blake3()
        for name, file in sorted(self.files.items()):
            whole.update(f"{name} {len(file.content)}\n".encode() + file.content)
        return whole.hexdigest()

    def lines(self) -> Iterator[str]:
        """What a person should know of it, and then all of it."""
        for name, file in self.files.items():
            yield f"--- {self.run / PLUGS / name} (was {file.path}), blake3 {_hash(file)}"
            yield from file.content.decode(errors="replace").splitlines()

    def is_trusted(self) -> bool:
        """Whether a person has said so before."""
        return _trusted(self.hash).exists()

    def trust(self) -> None:
        """Remember that a person has said so; where that can't be written, it is asked again."""
        path = _trusted(self.hash)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(path, f"{self.run}\n")
        except OSError:
            return


def brought(found: Found, state: Mapping[str, Any]) -> Brought | None:
    """The code that a checkpoint's model, task or data set needs; None: it is all this project's.

    Raises:
        ValueError: it needs some that no run kept, or that is not what was recorded.
        OSError: it can't be read.
    """
    flags = state["hyperparameters"]
    task = state.get("task", {}).get("name")
    chosen = {"model": flags.get("model"), "task": task, "data": flags.get("data")}
    own = flags.get("plugs") or {}
    needed = [k for k in KINDS if chosen[k] and _is_outside(k, str(chosen[k]), own)]
    told = {}
    if needed and found.record and found.run:
        told = plug_files.described(found.record, read_outcome(found.run))
    if not told or found.run is None:
        # Without its data set's code a model can be used, but for that set's way of reading files.
        if must := [k for k in needed if k != "data"]:
            what = f"{must[0]} {chosen[must[0]]}"
            raise ValueError(
                f"{found.path}: its {what} is from outside this project, and no copy of its code"
                " is in the run, or there is no run around the file: predict with the run itself"
            )
        return None
    return Brought(found.run, plug_files.read(found.run, told))


def _is_outside(kind: str, text: str, own: Mapping[str, Any]) -> bool:
    """Whether what was chosen, or a class that its file names, is from outside of the project."""
    return plugs.is_outside(kind, text) or bool(texts.modules(kind, text, own))


@contextmanager
def importable(code: Brought | None) -> Iterator[None]:
    """In the block the code is imported, whatever of the same names lies elsewhere.

    A copy is: nothing is written into the run, and no compiled file there takes the code's place.
    """
    if code is None:
        yield
        return
    folder = _copy(code.hash, tuple((name, f.content) for name, f in code.files.items()))
    names = {_module(name) for name in code.files}
    others = {name: module for name, module in sys.modules.items() if name in names}
    others = {k: m for k, m in others.items() if not _is_below(m, folder)}
    for name in others:
        del sys.modules[name]
    sys.path.insert(0, folder)
    invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(folder)
        # For what is imported only when the model runs, and by workers.
        sys.path.append(folder)
        sys.modules.update(others)


def _is_below(module: object, folder: str) -> bool:
    return str(getattr(module, "__file__", "")).startswith(os.path.join(folder, ""))


def _module(name: str) -> str:
    return name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


@cache
def _copy(_: str, files: tuple[tuple[str, bytes], ...]) -> str:
    """A folder with these files, until the process ends; one for all that are alike."""
    folder = tempfile.mkdtemp(prefix="plugs-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for name, content in files:
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def _trusted(hashed: str) -> Path:
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(home, "project-trusted", hashed)


def _hash(file: PlugFile) -> str:
    return file.describe()["blake3"]
