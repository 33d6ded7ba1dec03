"""What a person names to predict with: a checkpoint, and its run where that is known."""

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from project import run_directory
from project.hyperparameters import BY_NAME
from project.provenance.find import find_run
from project.provenance.keeping import why_not_kept
from project.provenance.record import read_record


@dataclass(frozen=True)
class Found:
    """A checkpoint.

    Attributes:
        path: of the file.
        run: the directory of its run; None: the file lies elsewhere.
    """

    path: Path
    run: Path | None

    @cached_property
    def record(self) -> dict[str, Any] | None:
        """The run's, in today's layout.

        Raises:
            ValueError: it is damaged.
            OSError: it can't be read.
        """
        return read_record(self.run) if self.run else None


def find(source: str | Path, exp_dir: Path | None = None) -> Found:
    """The checkpoint that a run or a path names: of a run the best one.

    Args:
        source: a run (an id, an unambiguous part of it, its directory, `last`, `best:METRIC`), or a
            `.pt` file.
        exp_dir: the folder of all runs; None: what the environment says, or `experiments`.

    Raises:
        ValueError: there is no such run, or it has no best checkpoint.
    """
    text = str(source)
    if text.endswith(".pt") or os.path.isfile(text):
        return Found(Path(text), _run_of(Path(text)))
    run = find_run(exp_dir or usual_exp_dir(), text)
    path = run_directory.best(run)
    if not path.exists():
        why = why_not_kept(run, run_directory.BEST)
        raise ValueError(
            why or f"run {run.name} has no best checkpoint: it ended before its first validation"
        )
    return Found(path, run)


def usual_exp_dir() -> Path:
    """The folder of all runs where none is given."""
    field = BY_NAME["exp_dir"]
    return Path(os.environ.get(field.metadata["env"]) or field.default)


def _run_of(path: Path) -> Path | None:
    """The run in whose directory a checkpoint lies."""
    whole = Path(os.path.abspath(path))
    run = whole.parents[min(1, len(whole.parents) - 1)]
    in_place = whole in (run_directory.best(run), run_directory.last(run))
    return run if in_place and run_directory.is_run(run) else None
