"""What a message says: how a run ended, its scores beside the best former ones, where to look."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from project.cli.shell import command, exp_dir_flag
from project.cli.summary import duration, number
from project.comparison.loading import KnownRun, load
from project.comparison.values import NEUTRAL_FLAGS, text_of
from project.files import read_json
from project.hyperparameters import BY_NAME
from project.notification.former import best_former
from project.notification.log import GOING_ON
from project.provenance.short_ids import short_ids
from project.run_directory import FIGURES, LAST, OUTCOME, RECORD, VALIDATION, last
from project.scores import MIN, better, headline, judged
from project.tracking.state import kept

# Scores that are told, and flags.
_SCORES, _FLAGS = 4, 5
# The first of these that the run has drawn is sent along; larger files are not.
_PICTURES = ("confusion_matrix.png", "examples_worst.png", "calibration.png")
_LARGEST = 5_000_000


@dataclass(frozen=True)
class Message:
    """A message.

    Attributes:
        about: how the run is: finished, failed, interrupted, pruned, lost, or going on.
        title: a few words.
        body: a few lines.
        picture: a file to send along, if there is one.
    """

    about: str
    title: str
    body: str
    picture: Path | None = None


def of_the_end(directory: Path) -> Message:
    """The message of a run that is over, whether or not it came to write its outcome.

    Raises:
        ValueError: its files are damaged.
        OSError: they can't be read.
    """
    run = load(directory)
    # Its lock may not be free yet.
    about = run.status if run.outcome else "lost"
    parts = [list(_scores(run)), list(_why(run, about))]
    parts = parts if about == "finished" else parts[::-1]
    lines = [*parts[0], *parts[1], *_what(run), *_where(run)]
    return Message(about, _title(run, about), "\n".join(lines), _picture(directory, about))


def on_the_way(directory: Path, epoch: int) -> Message:
    """The message of a run that trains, after so many epochs.

    Raises:
        ValueError: its files are damaged.
        OSError: they can't be read.
    """
    run = load(directory)
    total = run.record["flags"].get("max_epochs")
    progress = f"epoch {epoch}" + (f" of {total}" if total else "")
    lines = [progress, *_scores(run), *_what(run), *_where(run)]
    return Message(GOING_ON, _title(run, GOING_ON), "\n".join(lines))


def in_short(directory: Path, error: Exception) -> Message:
    """The message of a run that can't be read."""
    ended = (directory / OUTCOME).exists()
    about = read_json(directory / OUTCOME).get("status", "over") if ended else "lost"
    name = f"{directory.parent.name} {directory.name}"
    return Message(str(about), f"{about}: {name}", f"{type(error).__name__}: {directory}")


def _title(run: KnownRun, about: str) -> str:
    short = short_ids(run.directory.parents[1]).get(run.run_id, run.run_id)
    return f"{about}: {run.record.get('exp_name')} {short}"


def _scores(run: KnownRun) -> Iterator[str]:
    """Those of the test, or of the best validation so far, beside the best former run's."""
    split = "test" if run.test else "val"
    names = [judged(run.record), *headline(run.record), "loss"]
    every = [f"{split}_{name}" for name in names] + [str(run.best.get("monitor"))]
    known = [name for name in dict.fromkeys(every) if name in run.scores]
    for name in known[:_SCORES]:
        yield f"{name} {number(run.scores[name])}{_beside(run, name)}"


def _beside(run: KnownRun, score: str) -> str:
    found = best_former(run, score)
    if found is None:
        return ""
    former, value = found
    short = short_ids(run.directory.parents[1]).get(former.name, former.name)
    own, way = run.scores[score], better(run.record["scores"], score)
    if own == value:
        return f" (as the best before, {short})"
    if (own < value) == (way == MIN):
        return f", the best so far (before: {number(value)}, {short})"
    return f" (best: {number(value)}, {short})"


def _what(run: KnownRun) -> Iterator[str]:
    """The flags that are no defaults."""
    flags = run.record["flags"]
    own = [
        f"{name} {text_of(value)}"
        for name, value in flags.items()
        if name in BY_NAME and name not in NEUTRAL_FLAGS and text_of(value) != _default(name)
    ]
    told = own[:_FLAGS] + [f"{len(own) - _FLAGS} more"] * (len(own) > _FLAGS)
    if told:
        yield ", ".join(told)
    if description := run.record.get("description"):
        yield str(description)


def _default(name: str) -> str:
    return text_of(BY_NAME[name].default)


def _why(run: KnownRun, about: str) -> Iterator[str]:
    """What went wrong, how long it took, and how to go on."""
    if run.outcome.get("error"):
        yield f"{'error: ' * (about == 'failed')}{run.outcome['error']}"
    if run.outcome:
        best = run.best.get("epoch")
        told = f", the best {best + 1}" if best is not None else ""
        yield f"{run.outcome.get('epochs')} epochs{told}; {duration(run.outcome['duration'])}"
    else:
        yield f"killed or crashed after {duration(_age(run))}: it wrote no outcome"
    if about in ("interrupted", "lost") and last(run.directory).exists():
        words = ["--resume", run.run_id, *exp_dir_flag(run.directory.parents[1])]
        yield f"to go on: {command('run', *words)}"
    elif about in ("interrupted", "lost"):
        yield f"there is no {LAST} to go on with"


def _where(run: KnownRun) -> Iterator[str]:
    """Its directory, and where trackers show it."""
    host = run.record.get("host")
    yield f"{run.directory}" + (f" on {host}" if host else "")
    yield from kept(run.directory)


def _age(run: KnownRun) -> float:
    """Seconds since it was created."""
    created = datetime.fromisoformat(read_json(run.directory / RECORD, "created")["created"])
    return (datetime.now(UTC) - created).total_seconds()


def _picture(directory: Path, about: str) -> Path | None:
    folders: list[Any] = [directory / FIGURES, directory / FIGURES / VALIDATION]
    for path in (folder / name for folder in folders for name in _PICTURES):
        if path.is_file() and path.stat().st_size <= _LARGEST:
            return path
    return None
