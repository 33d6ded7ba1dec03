"""Finding a run by what a person types: its id, a part of it, its directory, or `last`."""

import math
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from project.files import read_json
from project.run_directory import OUTCOME, RECORD, is_run, runs_in
from project.scores import MIN, agreed
from project.words.names import some
from project.words.telling import did_you_mean

SHORTEST = 4  # characters of an id's end, which is what tells runs apart
RUN_ID = re.compile(r"\d{8}-\d{6}-[0-9a-z]{4}")


def find_run(exp_dir: Path, reference: str, exp_name: str | None = None) -> Path:
    """The directory of the run that `reference` names.

    Args:
        exp_dir: Holds all experiments.
        reference: A run id, an unambiguous beginning or end of one, a run's directory, `last` for
            the newest, or `best:METRIC` for the one with the best such score (`best:val_accuracy`),
            `best:EXPERIMENT/METRIC` for that of an experiment.
        exp_name: Looks only among the runs of this experiment.
    Raises:
        ValueError: no run, or more than one, is meant; the message lists near ones.
    """
    path = Path(reference)
    if reference and is_run(path):
        # In the run's own folder "." names it too; its name and parents must still be told.
        return Path(os.path.abspath(path))
    runs = _runs(exp_dir, exp_name)
    if not runs:
        where = exp_dir / exp_name if exp_name else exp_dir
        raise ValueError(f"there is no run {reference!r}: {str(where)!r} has no runs yet")
    if reference == "last":
        return runs[-1]
    if reference.startswith("best:"):
        return _best(runs, reference.removeprefix("best:"))
    matches = [r for r in runs if r.name == reference] or [
        r for r in runs if reference and _begins_or_ends(r.name, reference)
    ]
    if len(matches) == 1:
        return matches[0]
    raise ValueError(_ambiguous(reference, matches) if matches else _unknown(reference, runs))


def _begins_or_ends(run_id: str, text: str) -> bool:
    return run_id.startswith(text) or (len(text) >= SHORTEST and run_id.endswith(text))


def find_runs(exp_dir: Path, references: Iterable[str]) -> dict[Path, bool]:
    """The directories of the runs that a person names, each once, and whether it was named itself.

    Args:
        exp_dir: Holds all experiments.
        references: What `find_run` takes, or an experiment's name, which stands for all its runs.
    Raises:
        ValueError: a run is unknown or ambiguous.
    """
    found: dict[Path, bool] = {}
    for reference in references:
        listed = _of_experiment(exp_dir, reference)
        for path in listed or [find_run(exp_dir, reference)]:
            found[path.absolute()] = not listed or found.get(path.absolute(), False)
    return found


def _of_experiment(exp_dir: Path, reference: str) -> list[Path]:
    if not reference or Path(reference).name != reference or reference in (".", ".."):
        return []
    return sorted(runs_in(exp_dir / reference))


def all_runs(exp_dir: Path) -> list[Path]:
    """The directories of all runs, oldest first.

    Raises:
        ValueError: there are none.
    """
    if not (runs := _runs(exp_dir, None)):
        raise ValueError(f"{str(exp_dir)!r} has no runs")
    return runs


def _best(runs: list[Path], asked: str) -> Path:
    """The run with the best score at its own best epoch, or in its test."""
    every = {run: _scores(run) for run in runs}
    scores, metric, where = every, asked, ""
    # A score of a class has a slash in its name, too.
    if not any(asked in found for found in every.values()) and "/" in asked:
        name, _, metric = asked.partition("/")
        scores = {run: found for run, found in every.items() if run.parent.name == name}
        where = f" of {name}"
        if not scores:
            raise ValueError(_no_experiment(asked, runs))
    scores = {run: found for run, found in scores.items() if metric in found}
    if not scores:
        raise ValueError(_no_score(metric, where, every))
    # The record's schema is needed for nothing else here; it costs each start some milliseconds.
    from project.provenance.record import read_record

    records = {run: read_record(run, whole=False) for run in scores}
    way = agreed((record.get("scores") or {} for record in records.values()), metric)
    if way is None:
        raise ValueError(
            f"best:{asked}: the records of the {len(scores)} runs that have it don't say, or not"
            " all the same, whether more or less of it is better; name the run"
        )
    choose = min if way == MIN else max
    return choose(_compared(records, asked, metric), key=lambda run: scores[run][metric])


def _compared(records: Mapping[Path, Mapping[str, Any]], asked: str, metric: str) -> list[Path]:
    """The runs among which the best one is looked for: reproductions and mere trials are not.

    Raises:
        ValueError: the metric's values can't be set against each other.
    """
    from project.provenance import comparable, repetitions

    ids = {run.name for run in records}
    own = {k: r for k, r in records.items() if not repetitions.is_repeated(r, ids)}
    whole = {run: r for run, r in own.items() if not comparable.is_of_a_part(r)} or own
    reasons = comparable.incomparable((record, [metric]) for record in whole.values())
    if metric not in reasons:
        return list(whole)
    other = comparable.instead(metric)
    ways = [f"best:{asked.removesuffix(metric)}{other}"] if other else []
    ways += [f"best:EXPERIMENT/{metric}"] if asked == metric else []
    way_out = f"take {' or '.join(ways)}, or " if ways else ""
    raise ValueError(
        f"best:{asked}: the values of {len(whole)} runs can't be set against each other,"
        f" {reasons[metric]}; {way_out}name the run"
    )


def _no_experiment(asked: str, runs: list[Path]) -> str:
    name, _, metric = asked.partition("/")
    known = sorted({run.parent.name for run in runs})
    return (
        f"best:{asked}: no run has a score {asked!r}, and there is no experiment {name!r} to look"
        f" for {metric!r} in{did_you_mean(name, known) or f'; there is {some(known)}'}"
    )


def _no_score(metric: str, where: str, every: Mapping[Path, Mapping[str, float]]) -> str:
    runs = {run: found for run, found in every.items() if where in ("", f" of {run.parent.name}")}
    known = sorted({name for found in runs.values() for name in found if "/" not in name})
    there = f"; there is {some(known)}" if known else "; none has a score yet"
    return f"no run{where} has a score {metric!r}{did_you_mean(metric, known) or there}"


def _scores(run: Path) -> dict[str, float]:
    outcome = run / OUTCOME
    if not outcome.exists():
        return {}
    ended = read_json(outcome, "best", "test")
    found = {**((ended["best"] or {}).get("metrics") or {}), **(ended["test"] or {})}
    return {name: float(value) for name, value in found.items() if not math.isnan(float(value))}


def _runs(exp_dir: Path, exp_name: str | None) -> list[Path]:
    """The runs' directories, oldest first."""
    folders = [exp_dir / exp_name] if exp_name else [f for f in _entries(exp_dir) if f.is_dir()]
    found = [run for folder in folders for run in _entries(folder) if RUN_ID.fullmatch(run.name)]
    return sorted((run for run in found if is_run(run)), key=lambda r: r.name)


def _entries(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


def _ambiguous(reference: str, matches: list[Path]) -> str:
    newest = [f"{r.parent.name}/{r.name}" for r in matches[:-4:-1]]
    more = ["..."] if len(matches) > 3 else []
    return (
        f"{reference!r} may be any of {len(matches)} runs ({', '.join(newest + more)});"
        " give more of the id, or the run's directory"
    )


def _unknown(reference: str, runs: list[Path]) -> str:
    # Costs 4 ms at each start, and is needed only after a mistake.
    from difflib import get_close_matches

    if reference and Path(reference).is_dir():
        return f"{reference!r} is a folder but no run: it has no {RECORD}"
    ids = [r.name for r in reversed(runs)]
    near = [i for i in ids if reference and i.endswith(reference)] or get_close_matches(
        reference, ids
    )
    hint = f"did you mean {', '.join(near[:3])}?" if near else f"the newest is {ids[0]}"
    return f"there is no run {reference!r}; {hint}"
