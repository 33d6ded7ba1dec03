"""Rows of the tables, with what `--where` can ask of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from project.comparison.choosing import chosen
from project.comparison.importance import asked_names
from project.comparison.values import is_of_class
from project.hyperparameters import BY_NAME
from project.metadataset.index import Index
from project.metadataset.tables import EXPERIMENT

Row = dict[str, Any]


@dataclass(frozen=True)
class Question:
    """Which rows of a table are wanted.

    Attributes:
        table: of `TABLES`.
        where: expressions that must hold.
        sort: by which value, the smallest first.
        reverse: the other way round.
        columns: names of what is to be shown of each.
    """

    table: str
    where: Sequence[str] = ()
    sort: str | None = None
    reverse: bool = False
    columns: Sequence[str] = ()


@dataclass(frozen=True)
class Answer:
    """The rows that are wanted.

    Attributes:
        rows: in their order; a run's has its hyperparameters, too, and its age in seconds.
        names: of all that rows of the table have.
        flags: those among them that are hyperparameters.
        judged: those that are the scores which the tasks are judged by.
    """

    rows: list[Row]
    names: list[str]
    flags: list[str]
    judged: list[str]


def answer(index: Index, question: Question, now: datetime) -> Answer:
    """What a question asks for.

    Raises:
        ValueError: an expression, or a name, can't be understood.
    """
    asked = [*asked_names(question.where), question.sort or "", *question.columns]
    every = index.rows(question.table, classes=any(map(is_of_class, asked)))
    flags: dict[str, None] = {}
    if question.table in (EXPERIMENT, "hyperparameters"):
        flags = dict.fromkeys(BY_NAME)
    if question.table == EXPERIMENT:
        every = with_settings(index, every, now)
    names = flags | {name: None for row in every for name in row}
    order = chosen(
        every, list(names), where=question.where, sort=question.sort, reverse=question.reverse
    )
    first = [f"{split}_{row['judged']}" for row in index.rows("task") for split in ("val", "test")]
    judged = [name for name in dict.fromkeys(first) if name in names]
    settings = index.names("hyperparameters")
    return Answer([every[i] for i in order], list(names), settings, judged)


def with_settings(index: Index, runs: Sequence[Row], now: datetime) -> list[Row]:
    """The rows of runs with their hyperparameters and ages."""
    settings = {row.pop("id"): row for row in index.rows("hyperparameters")}
    for row in settings.values():
        row.pop("runs")
    return [
        {**row, **settings[row["hyperparameters_id"]], "age": _age(row.get("created"), now)}
        for row in runs
    ]


def _age(created: Any, now: datetime) -> float | None:
    try:
        then = datetime.fromisoformat(created)
    except (TypeError, ValueError):
        return None
    return (now - (then if then.tzinfo else then.replace(tzinfo=UTC))).total_seconds()
