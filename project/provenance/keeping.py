"""Which checkpoints a finished run keeps: all others go in one step with the outcome that says so.

Until the outcome is on the disk, what is not kept stands beside it under a hidden name. A process
killed before that leaves a run to go on with (`put_back`); one killed after it, a finished run that
says itself what it keeps, and a hidden file too much, which is no part of it.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from project.cli.shell import command, exp_dir_flag
from project.files import read_json, sync_folder
from project.run_directory import BEST, CHECKPOINTS, LAST, OUTCOME, RECORD, aside, best, last

_KEPT = {"both": (BEST, LAST), "best": (BEST,), "last": (LAST,), "none": ()}


@contextmanager
def only_kept(run: Path, keep: str, optimizer: bool) -> Iterator[None]:
    """In the block, which writes the outcome of a finished run, and after it: what is kept alone.

    Args:
        run: the directory.
        keep: both, best, last or none.
        optimizer: whether `last.pt` keeps the optimizer's state.
    Raises:
        OSError: `last.pt` can't be written without that state; all is as it was.
        ValueError: it is damaged; likewise.
    """
    try:
        _set_aside(run, keep, optimizer)
        yield
    finally:
        if (run / OUTCOME).exists():
            for path in (best(run), last(run)):
                aside(path).unlink(missing_ok=True)
        else:
            put_back(run)


def put_back(run: Path) -> None:
    """Bring back what a process had set aside that was killed before the outcome was written.

    Raises:
        OSError: the directory can't be written.
    """
    for path in (best(run), last(run)):
        # Each process of a run does it that goes on with it.
        with suppress(FileNotFoundError):
            aside(path).replace(path)


def not_kept(outcome: Mapping[str, Any]) -> list[str]:
    """The checkpoints that a run had and has not kept, by their files' names."""
    kept = outcome.get("checkpoints") or {}
    return [name for name in outcome.get("weights") or {} if name not in kept]


def why_not_kept(run: Path, name: str) -> str | None:
    """Why a checkpoint is not there, and what to do; None if the run, which trained, never had it.

    Args:
        run: the directory of one that lacks it.
        name: of the file.
    """
    if not (run / OUTCOME).exists():
        return None
    outcome = read_json(run / OUTCOME)
    kept = list(outcome.get("checkpoints") or {})
    if name in kept:
        return f"{run / CHECKPOINTS / name} is gone since the run {run.name} ended"
    if name not in not_kept(outcome):
        return _of_a_test(run)
    # `last.pt` has weights to test, too; but nothing goes on from `best.pt`.
    there = [path for path in [last(run)] if name == BEST and path.exists()]
    where = exp_dir_flag(run.parents[1])
    again = f"`{command('reproduce', run.name, *where, '--', '--keep', 'both')}` makes it again"
    asked = next((word for word, names in _KEPT.items() if set(names) == set(kept)), "other")
    return (
        f"run {run.name} has not kept {name} (--keep {asked}):"
        f" {f'give {there[0]}, or ' if there else ''}{again}"
    )


def _of_a_test(run: Path) -> str | None:
    """What is to be given instead of a run that has only tested another's weights."""
    flags = read_json(run / RECORD)["flags"]
    if not flags.get("only_test"):
        return None
    return f"run {run.name} has no weights: it only tests those of {flags['checkpoint']}; give that"


def _set_aside(run: Path, keep: str, optimizer: bool) -> None:
    folder = run / CHECKPOINTS
    gone = [path for path in (best(run), last(run)) if path.name not in _KEPT[keep]]
    for path in gone:
        with suppress(FileNotFoundError):
            path.replace(aside(path))
    if LAST in _KEPT[keep] and not optimizer and last(run).exists():
        _write_without_optimizer(last(run))
    if folder.exists():
        # Before the outcome: a power cut must not leave it beside what it says is not there.
        sync_folder(folder)


def _write_without_optimizer(path: Path) -> None:
    from project.training import checkpoint  # loads PyTorch, which looking does not need

    state = checkpoint.load(path)
    del state["optimizer"]
    path.replace(aside(path))
    checkpoint.save(path, state)
