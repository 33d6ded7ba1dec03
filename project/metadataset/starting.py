"""What a sweep tries first: the best settings of past runs with the same task and space."""

import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from project import plugs
from project.comparison.flat import identity
from project.metadataset.facts import space as space_of
from project.metadataset.fitting import is_alike, values_in
from project.metadataset.index import Index
from project.metadataset.opening import Say, opened
from project.metadataset.ranges import with_defaults
from project.metadataset.tables import EXPERIMENT
from project.search.ranges.space import Space
from project.search.values import Objective, Plain
from project.words.names import some

# Runs of a part of the data, to try something out: their scores say little.
_OF_A_PART = ("limit_batches", "overfit_batches", "fast_dev_run")


@dataclass(frozen=True)
class Start:
    """A setting to begin with.

    Attributes:
        values: of the flags of the space that count, by name, as a trial's.
        runs: the ids of the runs that had it, newest first.
        scores: their mean of each objective.
    """

    values: Mapping[str, Plain]
    runs: tuple[str, ...]
    scores: tuple[float, ...]


@dataclass(frozen=True)
class _Past:
    """A run that counts: its id, the values in the space, what is not searched, and its scores."""

    run: str
    values: Mapping[str, Plain]
    rest: Mapping[str, Any]
    scores: tuple[float, ...]


def warm_start(
    exp_dir: Path,
    space: Space,
    flags: Mapping[str, Any],
    objectives: Sequence[Objective],
    count: int,
    say: Say = lambda line: None,
) -> list[Start]:
    """The best settings of past runs that a sweep could have tried itself, the nearest first.

    A run counts if it has finished and was not changed since, has every objective's score, had the
    same task, data set, model, loss and optimizer (but for those that are searched), and if all its
    flags that are searched are in the space. Runs that share what is not searched are of one kind;
    kinds come in the order of their distance from the sweep's flags (`HyperparametersEmbedding`),
    and of each the better half of its settings, the best first. Runs that differ in the seed alone
    are one setting, whose scores are means; of several objectives the mean of the ranks decides.

    Args:
        exp_dir: the folder of all runs; it need not be there.
        space: what is searched.
        flags: of the sweep's command line, as `Hyperparameters.to_values` gives them.
        objectives: validation scores, and which of their values are better.
        count: so many settings at most.
        say: told where the index can't be kept.
    """
    if not exp_dir.is_dir():
        return []
    with opened(exp_dir, say) as index:
        past = _past(index, space, flags, objectives)
    kinds: dict[str, list[_Past]] = {}
    for run in past:
        kinds.setdefault(identity(run.rest), []).append(run)
    found: dict[str, Start] = {}
    for kind in _nearest_first(list(kinds.values()), flags, space):
        for start in _better_half(kind, objectives):
            found.setdefault(identity(start.values), start)
    return list(found.values())[:count]


def starting_values(
    exp_dir: Path,
    space: Space,
    flags: Mapping[str, Any],
    objectives: Sequence[Objective],
    count: int,
) -> list[dict[str, Plain]]:
    """The values alone, as a sweep takes them; says how many there are, and of which runs.

    Arguments are those of `warm_start`.
    """

    def say(line: str) -> None:
        print(line, file=sys.stderr)

    found = warm_start(exp_dir, space, flags, objectives, count, say)
    if not found:
        say("note: no past run of the same task, data and plugs is in this space")
        return []
    runs = some([start.runs[0] for start in found])
    say(f"begins with the flags of {len(found)} past setting{'s' * (len(found) > 1)}: {runs}")
    return [dict(start.values) for start in found]


def _past(
    index: Index, space: Space, flags: Mapping[str, Any], objectives: Sequence[Objective]
) -> list[_Past]:
    """The runs that count, newest first."""
    tasks = {row["id"]: row for row in index.rows("task")}
    settings = {row.pop("id"): with_defaults(row) for row in index.rows("hyperparameters")}
    searched = {"runs", *(each.name for each in space.dimensions)}
    fitting: dict[str, tuple[dict[str, Plain], dict[str, Any]] | None] = {}
    found = []
    for row in index.rows(EXPERIMENT):
        task, setting = tasks[row["task_id"]], settings[row["hyperparameters_id"]]
        scores = _scores(row, objectives)
        if scores is None or row["status"] != "finished" or row["changed"]:
            continue
        if any(map(setting.get, _OF_A_PART)):
            continue
        # Data that have files of their own are told by the folder that these are in.
        if task["files"] and row.get("data_dir") != flags.get("data_dir"):
            continue
        if (key := f"{row['hyperparameters_id']} {row['task_id']}") not in fitting:
            alike = is_alike(setting, task, flags, space)
            values = values_in(space, setting) if alike else None
            rest = {name: value for name, value in setting.items() if name not in searched}
            fitting[key] = None if values is None else (values, rest)
        if (fit := fitting[key]) is not None:
            found.append(_Past(row["run_id"], *fit, scores))
    return found


def _scores(row: Mapping[str, Any], objectives: Sequence[Objective]) -> tuple[float, ...] | None:
    found = [row.get(each.name) for each in objectives]
    numbers = [value for value in found if isinstance(value, float) and math.isfinite(value)]
    return tuple(numbers) if len(numbers) == len(found) else None


def _nearest_first(
    kinds: Sequence[list[_Past]], flags: Mapping[str, Any], space: Space
) -> list[list[_Past]]:
    """Kinds in the order of how far what is not searched is from the sweep's own."""
    from project.metadataset.embedding import HyperparametersEmbedding  # and NumPy, if there is any

    searched = {each.name for each in space.dimensions}
    axes = HyperparametersEmbedding.of_runs(space_of({"flags": flags})).axes
    embedding = HyperparametersEmbedding(axis for axis in axes if axis.name not in searched)
    vectors = embedding([plugs.flat(flags), *(kind[0].rest for kind in kinds)])
    distances = embedding.distances(vectors[0], vectors[1:])
    return [kinds[i] for i in sorted(range(len(kinds)), key=lambda i: float(distances[i]))]


def _better_half(kind: Iterable[_Past], objectives: Sequence[Objective]) -> list[Start]:
    """The better half of the settings of one kind, an odd one rounded up, the best first."""
    settings: dict[str, list[_Past]] = {}
    for run in kind:
        settings.setdefault(identity(run.values), []).append(run)
    starts = [
        Start(
            runs[0].values,
            tuple(run.run for run in runs),
            tuple(sum(values) / len(runs) for values in zip(*(r.scores for r in runs))),
        )
        for runs in settings.values()
    ]
    ranks = [0] * len(starts)
    for i, objective in enumerate(objectives):
        sign = 1.0 if objective.better == "min" else -1.0
        values = sorted(sign * start.scores[i] for start in starts)
        place = {value: rank for rank, value in reversed(list(enumerate(values)))}
        ranks = [r + place[sign * s.scores[i]] for r, s in zip(ranks, starts, strict=True)]
    order = sorted(range(len(starts)), key=ranks.__getitem__)
    return [starts[i] for i in order[: (len(starts) + 1) // 2]]
