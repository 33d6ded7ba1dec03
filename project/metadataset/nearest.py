"""The past settings that are nearest to a run's, and what came of them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from project.comparison.choosing import chosen
from project.comparison.flat import differ
from project.comparison.layout import Line, Table, table_lines, wrapped
from project.comparison.terminal import show
from project.comparison.values import text_of
from project.hyperparameters import BY_NAME
from project.metadataset.embedding import HyperparametersEmbedding
from project.metadataset.index import Index
from project.metadataset.querying import with_settings
from project.metadataset.ranges import with_defaults
from project.metadataset.tables import EXPERIMENT
from project.provenance.short_ids import short_ids
from project.words.width import terminal_width

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Near:
    """A setting near to another.

    Attributes:
        distance: from 0 to 1, see `HyperparametersEmbedding.distances`.
        runs: their rows, with hyperparameters, newest first.
        differs: the flags in which it differs, and its values.
        score: the mean of what the task is judged by in the validation of those of these runs that
            have finished, or of all of them where none has; nan if no run has it.
    """

    distance: float
    runs: Sequence[Row]
    differs: Mapping[str, Any]
    score: float


def nearest(index: Index, path: str, where: Sequence[str], limit: int) -> tuple[list[Near], str]:
    """The settings nearest to that of a run, its own first where other runs have it.

    Tests alone (`--only-test`) have trained with no flags, and are left out.

    Args:
        index: of all runs.
        path: of the run, `EXP_NAME/RUN_ID`.
        where: expressions that the other runs must fulfil.
        limit: so many settings at most.
    Returns:
        The settings, and the name of the score.
    Raises:
        ValueError: the run could not be read, is a test alone, or an expression can't be
            understood.
    """
    runs = with_settings(index, index.rows(EXPERIMENT), datetime.now(UTC))
    own = next((row for row in runs if row["path"] == path), None)
    if own is None:
        where = f"{index.exp_dir} or can't be read"
        raise ValueError(f"{path} is not in {where}: nobody can say what is near to it")
    if own.get("only_test"):
        what = f"a test of {own.get('checkpoint')}, whose settings it does not have"
        raise ValueError(f"{path} is {what}: ask for the run that has trained")
    names = list(dict.fromkeys([*BY_NAME, *(name for row in runs for name in row)]))
    others = [runs[i] for i in chosen(runs, names, where=where)]
    settings: dict[str, list[Row]] = {}
    for row in others:
        if row is not own and not row.get("only_test"):  # which has the flags of no training
            settings.setdefault(row["hyperparameters_id"], []).append(row)
    spaces = {row["id"]: row for row in index.rows("hyperparameter_space")}
    judged = {row["id"]: row["judged"] for row in index.rows("task")}
    score = f"val_{judged[own['task_id']]}"
    space = spaces[own["hyperparameter_space_id"]]
    return _near(own, list(settings.values()), space, score, limit), score


def _near(
    own: Row, settings: Sequence[Sequence[Row]], space: Row, score: str, limit: int
) -> list[Near]:
    embedding = HyperparametersEmbedding.of_runs(space)
    firsts = [with_defaults(rows[0]) for rows in (*settings, [own])]
    vectors = embedding(firsts)
    distances = embedding.distances(vectors[-1], vectors[:-1])
    names = [axis.name for axis in embedding.axes]
    found = []
    for i in sorted(range(len(settings)), key=distances.__getitem__)[:limit]:
        rows = settings[i]
        differs = _differing(firsts[-1], firsts[i], names)
        found.append(Near(float(distances[i]), rows, differs, _mean(rows, score)))
    return found


def _differing(own: Row, other: Row, names: Sequence[str]) -> dict[str, Any]:
    return {n: other.get(n) for n in names if differ((own.get(n), other.get(n)))}


def _mean(rows: Sequence[Row], score: str) -> float:
    known = [row for row in rows if isinstance(row.get(score), float)]
    # One that was pruned, or failed, has trained for a while only.
    whole = [row for row in known if row["status"] == "finished"]
    values = [row[score] for row in whole or known]
    return sum(values) / len(values) if values else math.nan


def show_nearest(index: Index, run: Path, where: Sequence[str], limit: int) -> None:
    """Print the settings nearest to that of the run in this directory.

    Raises:
        ValueError: the run is in another folder, or an expression can't be understood.
    """
    found, score = nearest(index, f"{run.parent.name}/{run.name}", where, limit)
    if not found:
        show([Line(f"no other run{' fits --where' * bool(where)}")])
        return
    width = terminal_width()
    ids = short_ids(index.exp_dir) if width else {}
    rows = [
        (
            f"{near.distance:.3g}",
            ids.get(near.runs[0]["run_id"], near.runs[0]["run_id"]),
            str(len(near.runs)),
            "-" if math.isnan(near.score) else f"{near.score:.4g}",
            ", ".join(f"{k} {text_of(v)}" for k, v in near.differs.items()) or "nothing",
        )
        for near in found
    ]
    header = ("distance", "newest run", "runs", "score", "differs in")
    table = Table(rows=rows, header=header, right=frozenset({0, 2, 3}), essential=5, widest=width)
    told = f"from {run.name}; score: mean {score}"
    show([*table_lines(table, width), *wrapped(told, width, "dim")])
