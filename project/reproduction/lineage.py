"""The run that a recorded one went on from: where what it handed over is now, if it still is."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from project.cli.shell import command
from project.provenance.handed_over import find_parent, having
from project.provenance.record import read_outcome, read_record
from project.reproduction.expected import Recorded
from project.reproduction.forced import Forced
from project.run_directory import LAST

if TYPE_CHECKING:
    from project.reproduction.origin import Stored

# So that what it hands over is there, whatever it kept.
_KEPT = {"keep": ("--keep", "both"), "keep_optimizer": ("--keep-optimizer",)}


def parent_of(run: Recorded, original: Path | Stored, exp_dir: Path) -> Path:
    """The directory of the run's parent.

    Args:
        run: which has one.
        original: where it is.
        exp_dir: holds all experiments.

    Raises:
        ValueError: it is not here.
    """
    run_id = run.record["parent"]["run_id"]
    beside = [original.parents[1]] if isinstance(original, Path) else []
    if (found := find_parent(run_id, [exp_dir, *beside])) is None:
        raise ValueError(
            f"run {run.run_id} goes on from {run_id}, which is not here; bring it: where it is,"
            f" `{command('runs', 'export', run_id, 'parent.tar.gz')}`, here"
            f" `{command('runs', 'import', 'parent.tar.gz')}`"
        )
    return found


def check_teachers(run: Recorded, exp_dir: Path) -> None:
    """Refuse where a run that taught this one is gone; the code that is run again looks for it.

    Raises:
        ValueError: it is not in the folder of runs.
    """
    for teacher in run.record["start"].get("teachers") or ():
        run_id = teacher["run_id"]
        if run_id and find_parent(run_id, [exp_dir]) is None:
            raise ValueError(
                f"run {run.run_id} was taught by {run_id}, which is not in {exp_dir}; bring it:"
                f" where it is, `{command('runs', 'export', run_id, 'teacher.tar.gz')}`, here"
                f" `{command('runs', 'import', 'teacher.tar.gz')}`"
            )


def handed_over(run: Recorded, parent: Path) -> Path | None:
    """The parent, or a reproduction of it, as far as one has what the run took over."""
    return having(parent, run.record["parent"])


def check_repeatable(run: Recorded, parent: Path) -> None:
    """Refuse where the parent, run again, would not end where the run began.

    Raises:
        ValueError: it would not.
    """
    at, outcome = run.record["parent"]["step"], read_outcome(parent) or {}
    if outcome.get("status") == "finished" and outcome.get("steps") == at:
        return
    how = outcome.get("status", "lost")
    raise ValueError(
        f"run {run.run_id} went on from step {at} of {parent.name}, whose {LAST} is no longer of"
        f" then; run again it would not stop there (it is {how}, at step"
        f" {outcome.get('steps', 'unknown')})"
    )


def again(parent: Path, arguments: Namespace, forced: Forced) -> tuple[Namespace, Forced]:
    """What to ask for to have the parent run again, before the run that went on from it."""
    flags = read_record(parent)["flags"]
    kept = tuple(word for name, words in _KEPT.items() if name in flags for word in words)
    asked: dict[str, Any] = {"run": str(parent), "epochs": None}
    return Namespace(**(vars(arguments) | asked)), replace(forced, flags=kept)


def from_there(run: Recorded, directory: Path) -> Recorded:
    """The run as if it had gone on from the run in this directory."""
    flags = run.record["flags"] | {"from": str(directory.absolute())}
    return replace(run, record=run.record | {"flags": flags})
