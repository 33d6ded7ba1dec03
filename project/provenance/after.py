"""What is made of a run after its end: exported files, a calibration, checks, a card.

Each is a folder `after/NAME` of the run, whole or absent, with `seal.json` beside its files: their
hashes, that of the run's outcome when they were made, and that of its own text. The run's own seal
stays as it is; `verify` checks both.
"""

import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from project.files import lock_folder, read_json, sync_folder, try_lock_folder
from project.provenance._creation import iso, remove
from project.provenance.inventory import oddities
from project.provenance.seal import hash_file, holds, make_readable_only, write_sealed
from project.run_directory import AFTER, AFTER_SEAL, OUTCOME
from project.words.names import printable

_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")


def place(run: Path, name: str) -> Path:
    """Where what is called so is made of a run."""
    assert _NAME.fullmatch(name), name
    return run / AFTER / name


@contextmanager
def making(target: Path, run: Path, *, replace: bool = False) -> Iterator[Path]:
    """A new folder, which takes the place of `target`, sealed and read-only, once the block ends.

    If the block raises, nothing of it is left behind, and what was there before stays.

    Args:
        target: the folder to make, `place` of the run or any other.
        run: of what it is made; it must have ended.
        replace: whether a folder that was made so before may go.

    Raises:
        ValueError: the run has not ended; `target` is there and may not be replaced, or is no such
            folder.
        OSError: it can't be written.
    """
    of = {"run_id": run.name, "outcome": _outcome(run)}
    _refuse_existing(target, replace)
    missing = [path for path in (target.parent, *target.parent.parents) if not path.exists()]
    handle = folder = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with lock_folder(target.parent):
            _remove_left(target)
            folder = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
            handle = try_lock_folder(folder)
        yield folder
        seal(folder, of)
        with lock_folder(target.parent):
            _refuse_existing(target, replace)  # another process may have been faster
            _move(folder, target)
    except OSError as error:
        remove(folder, missing)
        # A failed write knows no name, or that of a folder which is gone; people know the target.
        ours = error.filename is None or str(error.filename).startswith(str(folder))
        if error.errno is None or not ours:
            raise
        raise OSError(error.errno, error.strerror, str(target)) from error
    except BaseException:
        remove(folder, missing)
        raise
    finally:
        if handle is not None:
            os.close(handle)


def seal(folder: Path, of: dict[str, Any]) -> None:
    """Write the seal of what lies in a folder, and make all of it read-only.

    Args:
        folder: what was made.
        of: which run it was made of, and its outcome's hash.

    Raises:
        OSError: a file can't be read, or the seal not be written.
    """
    files = _files(folder)
    hashes = {name: hash_file(path) for name, path in files.items()}
    write_sealed(folder / AFTER_SEAL, {"of": of, "made": iso(datetime.now(UTC)), "files": hashes})
    make_readable_only([*files.values(), folder / AFTER_SEAL])
    folder.chmod(0o755)  # mkdtemp's is private


def made(run: Path) -> list[Path]:
    """The folders of what was made of a run, in order."""
    found = (run / AFTER).glob(f"[!.]*/{AFTER_SEAL}")
    return sorted(path.parent for path in found)


def names(run: Path) -> set[str]:
    """The paths, in a run's directory, of these seals and of the files that they name."""
    found = set()
    for folder in made(run):
        inside = folder.relative_to(run).as_posix()
        with suppress(ValueError, OSError, TypeError):  # told by `changes`
            files = read_json(folder / AFTER_SEAL, "files")["files"]
            found |= {f"{inside}/{name}" for name in files}
        found.add(f"{inside}/{AFTER_SEAL}")
    return found


def changes(folder: Path) -> list[str]:
    """What was changed since it was made, a line each; none if nothing was.

    Raises:
        OSError: a file can't be read.
    """
    if odd := oddities(folder, [AFTER_SEAL]):
        return odd
    try:
        said = read_json(folder / AFTER_SEAL, "of", "files", "seal")
    except ValueError:
        return [f"{AFTER_SEAL} was changed: it can't be read any more"]
    if not holds(folder / AFTER_SEAL, said):
        return [f"{AFTER_SEAL} was changed"]
    expected: dict[str, str] = said["files"]
    odd = oddities(folder, expected)
    there = _files(folder)
    found = [f"{printable(name)} is missing" for name in expected if name not in there]
    same = (name for name in expected if name in there and not odd)
    found += [f"{printable(n)} was changed" for n in same if hash_file(there[n]) != expected[n]]
    return odd or found


def is_of(folder: Path, run: Path) -> bool:
    """Whether it was made of a run as it is now, and not before that went on.

    Raises:
        ValueError: its seal can't be read.
        OSError: likewise.
    """
    of = read_json(folder / AFTER_SEAL, "of")["of"]
    return of == {"run_id": run.name, "outcome": _outcome(run)}


def _outcome(run: Path) -> str:
    if not (run / OUTCOME).is_file():
        raise ValueError(f"{run.name} has not ended: it has no {OUTCOME} yet")
    return hash_file(run / OUTCOME)


def _refuse_existing(target: Path, replace: bool) -> None:
    if not os.path.lexists(target):
        return
    if not (target / AFTER_SEAL).is_file():
        raise ValueError(f"{target} is there already, and was not made by this; give another -o")
    if not replace:
        raise ValueError(f"{target} is there already: --replace makes it anew, -o somewhere else")


def _remove_left(target: Path) -> None:
    """Delete what processes that were killed have left of the same."""
    name = re.compile(re.escape(f".{target.name}.") + r"[a-z0-9_]{8}")
    for path in target.parent.iterdir():
        if name.fullmatch(path.name) and path.is_dir() and not path.is_symlink():
            with suppress(OSError):  # it is at work, or somebody else's
                handle = try_lock_folder(path)
                shutil.rmtree(path, ignore_errors=True)
                os.close(handle)


def _move(folder: Path, target: Path) -> None:
    """Put a folder in the place of another, which goes."""
    gone = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    if target.exists():
        target.rename(gone)
    folder.rename(target)
    sync_folder(target.parent)
    shutil.rmtree(gone, ignore_errors=True)


def _files(folder: Path) -> dict[str, Path]:
    """All but the seal, by their paths in the folder."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    named = {path.relative_to(folder).as_posix(): path for path in found}
    return {name: path for name, path in named.items() if name != AFTER_SEAL}
