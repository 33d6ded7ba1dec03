"""The list of runs, asked for with words, a condition, an order, columns: a page of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from project.comparison.choosing import chosen
from project.comparison.importance import asked_names, asks_of_failures, folded_line, tried_out
from project.comparison.page.listed import (
    Listed,
    by_importance,
    setting,
    tabled,
    usual_columns,
)
from project.server.api.access import Account, Role
from project.server.compare.identity import is_ours
from project.server.compare.searching import holding
from project.server.compare.table import Table
from project.server.compare.visible import Run
from project.server.errors import bad_request

# So many rows are drawn at once.
AT_ONCE = 1000
LONGEST = 2000  # characters of a condition
# Of the scores, so many are looked at for the usual columns.
_TRIED = 12
# Of runs that have ended, by `_key`: reading all flags of all runs takes seconds.
_SETTINGS: dict[tuple[str, int | None], str | None] = {}


@dataclass(frozen=True)
class Question:
    """What is asked of the list.

    Attributes:
        search: words that a run must all hold somewhere.
        where: a condition, as `--where`.
        sort: the name of a value; with a minus before it the greatest first.
        columns: their names; none for the usual ones.
        seeds: whether runs that differ only in the seed stand beside each other.
        deleted: whether those in the trash are listed, too.
        debug: whether runs that failed while something was tried out are.
        page: from 1.
    """

    search: str = ""
    where: str = ""
    sort: str = ""
    columns: Sequence[str] = ()
    seeds: bool = False
    deleted: bool = False
    debug: bool = False
    page: int = 1


def answer(connection: sa.Connection, account: Account, asked: Question) -> dict[str, Any]:
    """A page of the list.

    Returns:
        `columns` and `rows`, as of `page.listed.tabled`; `names` that can be asked about; how many
        runs were `found` and are `known`; `first`, the number of the first row; `at_once`; `notes`,
        lines on what is not shown.
    Raises:
        ApiError: 400, the condition can't be understood; the line says why, as the command's does.
    """
    if len(asked.where) > LONGEST:
        raise bad_request(f"--where: it has more than {LONGEST:,} characters")
    table = Table(connection, account, deleted=asked.deleted)
    every = table.values()
    notes, sort, falling = _order(asked, table)
    try:
        where = [asked.where] if asked.where.strip() else []
        found = chosen(every, table.names, where=where, sort=sort, reverse=falling)
    except ValueError as error:
        raise bad_request(str(error)) from None
    if asked.search.strip():
        holds = holding(connection, asked.search)
        found = [i for i in found if table.runs[i].id in holds]
    found, folded = _folded(found, every, asked)
    settings = _settings(table, found) if asked.seeds else {}
    found = _together(found, settings) if asked.seeds else found
    first = max(0, asked.page - 1) * AT_ONCE
    end = first + AT_ONCE
    table.narrow([table.runs[i].id for i in found[first:end]])
    listed = _listed(table, found[first:end], every, account, settings)
    names, unknown = _columns(table, listed, asked, sort)
    notes += [f"no run has {name}" for name in unknown]
    return {
        **tabled(_with_lasts(table, listed, names), names, table.scores),
        "names": sorted(table.names),
        "found": len(found),
        "known": len(table.runs),
        "first": first,
        "at_once": AT_ONCE,
        "folded": folded,
        "notes": notes,
    }


def _order(asked: Question, table: Table) -> tuple[list[str], str | None, bool]:
    """What is wrong with the order asked for; the name to sort by, and whether it falls.

    An address may be of a time when runs had other values.
    """
    falling, name = asked.sort.startswith("-"), asked.sort.removeprefix("-")
    if not name:
        return [], None, False
    if name not in table.names:
        return [f"no run has {name}, by which they were to be sorted"], None, False
    return [], name, falling


def _folded(
    found: list[int], every: Sequence[Mapping[str, Any]], asked: Question
) -> tuple[list[int], str | None]:
    """The runs without those that failed while something was tried out, as in the terminal."""
    if asked.debug or asks_of_failures([asked.where]):
        return found, None
    failed = {i for i in found if tried_out(every[i].get("status"), every[i].get("exp_name"))}
    if len(failed) in (0, len(found)):
        return found, None
    return [i for i in found if i not in failed], folded_line(len(failed))


def _settings(table: Table, found: Sequence[int]) -> dict[int, str]:
    """Of each run what it shares with those that differ only in the seed."""
    runs = {i: table.runs[i] for i in found}
    flags = table.params([run.id for run in runs.values() if _key(run) not in _SETTINGS])
    code = [table.column(name) for name in ("sha", "dirty", "patch_blake3", "source_blake3")]
    known = {}
    for i, run in runs.items():
        if run.id in flags:
            made = setting(flags[run.id], (column.get(run.id) for column in code))
        else:
            made = _SETTINGS[_key(run)]
        known[i] = made
        if run.status != "running":
            _SETTINGS[_key(run)] = made
    return {i: made for i, made in known.items() if made is not None}


def _key(run: Run) -> tuple[str, int | None]:
    """A run that has ended keeps its flags; if it went on, it ends at another time."""
    return run.id, run.ended


def _together(found: Sequence[int], settings: Mapping[int, str]) -> list[int]:
    """Runs of one setting where the first of them stands."""
    groups: dict[Any, list[int]] = {}
    for i in found:
        groups.setdefault(settings.get(i, i), []).append(i)
    return [i for group in groups.values() for i in group]


def _listed(
    table: Table,
    found: Sequence[int],
    every: Sequence[Mapping[str, Any]],
    account: Account,
    settings: Mapping[int, str],
) -> list[Listed]:
    flags = table.params([table.runs[i].id for i in found])
    return [
        Listed(
            id=table.runs[i].id,
            name=table.runs[i].name,
            ours=is_ours(table.runs[i]),
            values=every[i],
            flags=flags[table.runs[i].id],
            more=_more(table.runs[i], account) | {"setting": settings.get(i)},
        )
        for i in found
    ]


def _more(run: Run, account: Account) -> dict[str, Any]:
    may = account.admin or account.experiments.get(str(run.experiment_id), 0) >= Role.MEMBER
    return {
        "started": run.started,
        "experiment_id": run.experiment_id,
        "short_id": run.short_id,
        "deleted": run.deleted,
        "editable": may and not run.deleted,
    }


def _columns(
    table: Table, listed: Sequence[Listed], asked: Question, sort: str | None
) -> tuple[list[str], list[str]]:
    """The columns' names, and those that were asked for but are none."""
    if asked.columns:
        known = [name for name in dict.fromkeys(asked.columns) if name in table.names]
        return known, [name for name in asked.columns if name not in table.names]
    monitors = [run.values.get("monitor") for run in listed]
    scores = by_importance(table.scores, filter(None, monitors))
    told = [name for name in asked_names([asked.where]) if name in table.names]
    wanted = [name for name in [*([sort] if sort else []), *told] if name not in ("name", "run_id")]
    return usual_columns(listed, scores[:_TRIED], wanted), []


def _with_lasts(table: Table, listed: Sequence[Listed], names: Sequence[str]) -> list[Listed]:
    lasts = {name: table.last(name) for name in names}
    return [
        Listed(**vars(run) | {"last": frozenset(n for n in names if run.id in lasts[n])})
        for run in listed
    ]
