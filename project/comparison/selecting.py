"""Which runs are meant: those named, filtered by `--where`, sorted and limited."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from project.comparison.choosing import chosen
from project.comparison.loading import KnownRun, check_unchanged, load, told
from project.comparison.values import known_names, values_of
from project.provenance.find import find_runs
from project.run_directory import runs_below
from project.scores import MAX, agreed


def named_runs(exp_dir: Path, references: Sequence[str]) -> tuple[list[KnownRun], list[str]]:
    """The runs that a person names, each once; an experiment's name stands for all its runs.

    Returns:
        The runs, and a line for each of an experiment that is damaged, changed or can't be read.
    Raises:
        ValueError: a run is unknown or ambiguous, one that is named itself is damaged or changed,
            or no run is left.
        OSError: a file of one that is named itself can't be read.
    """
    runs, problems = [], []
    for directory, named in find_runs(exp_dir, references).items():
        try:
            run = load(directory)
            check_unchanged(run)
            runs.append(run)
        except (ValueError, OSError) as error:
            if named:
                raise
            problems.append(told(error, directory))
    if not runs:
        raise ValueError("\n".join(problems))
    return runs, problems


def fitting(
    exp_dir: Path, references: Sequence[str], where: Sequence[str], now: datetime
) -> tuple[list[Path], list[str]]:
    """The directories of the runs that are named, or of all, and that fulfil every expression.

    Returns:
        The directories, and a line for each run that can't be read, of which nobody can tell
        whether it fulfils them; without expressions none need be read.
    Raises:
        ValueError: a run is unknown or ambiguous, or an expression can't be understood.
    """
    named = list(find_runs(exp_dir, references) if references else sorted(runs_below(exp_dir)))
    if not where:
        return named, []
    runs, problems = [], []
    for directory in named:
        try:
            runs.append(load(directory))
        except (ValueError, OSError) as error:
            problems.append(told(error, directory))
    return [run.directory for run in select(runs, now, where=where)], problems


def select(
    runs: Sequence[KnownRun],
    now: datetime,
    *,
    where: Sequence[str] = (),
    sort: str | None = None,
    reverse: bool = False,
) -> list[KnownRun]:
    """The runs that fulfil every expression, in the order asked for; those without a value last.

    Sorted by a score, the best is first; by anything else, the smallest.

    Raises:
        ValueError: an expression or the name to sort by can't be understood.
    """
    every = [values_of(run, now) for run in runs]
    falls = sort and agreed((run.record["scores"] for run in runs), sort) == MAX
    falls = bool(falls and any(sort in run.scores for run in runs))
    order = chosen(every, known_names(every), where=where, sort=sort, reverse=reverse != falls)
    return [runs[i] for i in order]
