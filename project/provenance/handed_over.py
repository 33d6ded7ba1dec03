"""Whether a run still has what another one took over from it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from project import run_directory
from project.provenance.record import read_record
from project.provenance.repetitions import original
from project.run_directory import is_run, runs_in


def find_parent(run_id: str, exp_dirs: list[Path]) -> Path | None:
    """The directory of the run of that id; None if it is in none of the folders of runs."""
    found = (path for folder in exp_dirs for path in folder.glob(f"*/{run_id}") if is_run(path))
    return next(found, None)


def having(directory: Path, parent: Mapping[str, Any]) -> Path | None:
    """The run itself or a reproduction of it beside it, which has what was taken over; None: none.

    Args:
        directory: of the parent.
        parent: what the record of the run that went on from it says of it.

    Raises:
        OSError: a file can't be read.
    """
    again = (run for run in runs_in(directory.parent) if _reproduces(run, directory.name))
    return next((run for run in (directory, *sorted(again)) if has_state(run, parent)), None)


def has_state(directory: Path, parent: Mapping[str, Any]) -> bool:
    """Whether the run in `directory` has that state, and the best weights that went with it.

    Raises:
        OSError: a file can't be read.
    """
    last, best = run_directory.last(directory), run_directory.best(directory)
    if not last.exists() or parent["best"] and not best.exists():
        return False
    # Take seconds to load.
    from project.training import checkpoint
    from project.training.digest import digest
    from project.training.inheritance import state_hash

    try:
        if state_hash(checkpoint.load(last)) != parent["state"]:
            return False
        weights = digest(checkpoint.load(best)["model"]) if parent["best"] else None
    except ValueError:
        return False  # damaged, or without the optimizer's state
    return weights is None or weights == parent["best"]["weights"]


def _reproduces(run: Path, run_id: str) -> bool:
    try:
        return original(read_record(run, whole=False)) == run_id
    except ValueError:
        return False
