"""Values of many runs by name, as `--where` asks about them: each column read when it is wanted."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from mlflow.store.tracking.dbmodels.models import SqlParam

from project.server.api.access import Account
from project.server.compare import visible
from project.server.compare.identity import OF_RUN, OF_TAGS, TEXTS
from project.server.compare.metrics import HUGE
from project.server.compare.typed import typed
from project.server.mlflow.experiments import RUNS, TAGS
from project.server.mlflow.points import LATEST
from project.tracking.best import BEST
from project.tracking.mlflow.layout import given_name, safe_name
from project.words.recipes import is_kept, short

PARAMS = SqlParam.__table__
# SQLite takes 32,766 bound values in a statement.
_AT_ONCE = 10_000
Column = dict[str, Any]  # by the id of a run; those without a value are not in it


class Table:
    """The runs that an account may see, and their columns.

    Attributes:
        runs: the latest first.
        names: what can be asked about.
    """

    def __init__(self, connection: sa.Connection, account: Account, *, deleted: bool) -> None:
        self._connection, self._account = connection, account
        self._here = visible.seen_by(account)
        query = (visible.EVERY if deleted else visible.SELECT).where(self._here)
        query = query.order_by(RUNS.c.start_time.desc(), RUNS.c.run_uuid)
        self.runs = [visible.made(row) for row in connection.execute(query)]
        self._now = time.time() * 1000
        self._columns: dict[str, Column] = {}
        self._only: list[str] | None = None
        self._params = {given_name(key): key for key in self._keys(PARAMS)}
        self._metrics = [given_name(key) for key in self._keys(LATEST)]
        best = [name for name in self._metrics if name.startswith(BEST)]
        # Another program may name a metric so; those of ours stand under the score's own name.
        ours = [name for name in best if not self._read(name)]
        self._metrics += [name.removeprefix(BEST) for name in ours]
        self._metrics = [name for name in dict.fromkeys(self._metrics) if name not in ours]
        self.names = frozenset((*OF_RUN, *OF_TAGS, *self._params, *self._metrics))

    @property
    def scores(self) -> list[str]:
        """The names of metrics."""
        return self._metrics

    @property
    def flags(self) -> list[str]:
        """The names of params."""
        return [name for name in self._params if name not in OF_RUN and name not in OF_TAGS]

    def values(self) -> list[Mapping[str, Any]]:
        """Of each run its values by name; a name that is not in `names` is in none."""
        return [_Values(self, run.id) for run in self.runs]

    def narrow(self, ids: Sequence[str]) -> None:
        """From now on only these runs, at most some thousands, are asked about."""
        self._only = list(ids)

    def column(self, name: str) -> Column:
        """The values of a name; read once."""
        if name not in self._columns:
            self._columns[name] = self._read(name)
        return self._columns[name]

    def params(self, ids: Sequence[str]) -> dict[str, dict[str, str]]:
        """All params of some runs, as texts by their names."""
        found: dict[str, dict[str, str]] = {id_: {} for id_ in ids}
        names = {key: name for name, key in self._params.items()}
        for start in range(0, len(ids), _AT_ONCE):
            end = start + _AT_ONCE
            some = PARAMS.c.run_uuid.in_(ids[start:end])
            query = sa.select(PARAMS.c.run_uuid, PARAMS.c.key, PARAMS.c.value).where(some)
            for id_, key, value in self._connection.execute(query):
                if key in names:
                    found[id_][names[key]] = short(value) if is_kept(value) else value
        return found

    def last(self, name: str) -> set[str]:
        """Of a score, the runs whose value is the last one, for want of the best checkpoint's."""
        known = self.column(name)
        return known.keys() - self._best(name).keys() if name in self._metrics else set()

    def _read(self, name: str) -> Column:
        if name in OF_RUN:
            found = ((run.id, OF_RUN[name](run, self._now)) for run in self.runs)
            told = {id_: value for id_, value in found if value is not None}
            # The experiments of a team's server are its projects.
            own = self._params.get(name) if name == "exp_name" else None
            return told | dict(self._pairs(PARAMS, own) if own else ())
        if name in OF_TAGS:
            return self._of_tags(name)
        if name in self._params:
            return {i: typed(v, name) for i, v in self._pairs(PARAMS, self._params[name])}
        if name in self._metrics:
            found = self._last(safe_name(name)) | self._best(name)
            if name.startswith(BEST):
                ours = self.column("best_step")
                found = {id_: value for id_, value in found.items() if id_ not in ours}
            return found
        return {}

    def _of_tags(self, name: str) -> Column:
        found: Column = {}
        for key in reversed(OF_TAGS[name]):
            found |= dict(self._pairs(TAGS, key))
        if name == "tags":
            return {id_: [tag for tag in text.split(", ") if tag] for id_, text in found.items()}
        return found if name in TEXTS else {id_: typed(text) for id_, text in found.items()}

    def _best(self, name: str) -> Column:
        """A score of the best checkpoint, of runs of this project that have ended.

        Another program may name a metric so, too; runs of ours say which step was the best. A run
        that goes on again has what its former end has left.
        """
        key = f"best of {name}"
        if key not in self._columns:
            safe = safe_name(name)
            found = self._last(BEST + safe) | (self._last(safe) if name.startswith("test_") else {})
            ours = self.column("best_step").keys() if found else ()
            ended = {run.id for run in self.runs if run.status != "running"}
            self._columns[key] = {i: v for i, v in found.items() if i in ours and i in ended}
        return self._columns[key]

    def _last(self, key: str) -> Column:
        columns = (LATEST.c.run_uuid, LATEST.c.value, LATEST.c.is_nan)
        query = sa.select(*columns).where(LATEST.c.key == key, self._wanted(LATEST))
        return {id_: _number(*told) for id_, *told in self._connection.execute(query)}

    def _pairs(self, table: sa.Table, key: str) -> Iterator[tuple[str, str]]:
        query = sa.select(table.c.run_uuid, table.c.value)
        query = query.where(table.c.key == key, self._wanted(table))
        return ((id_, value or "") for id_, value in self._connection.execute(query))

    def _wanted(self, table: sa.Table) -> sa.ColumnElement[bool]:
        return sa.true() if self._only is None else table.c.run_uuid.in_(self._only)

    def _keys(self, table: sa.Table) -> list[str]:
        """All keys, by jumps in their index from one to the next."""
        keys = sa.select(sa.func.min(table.c.key).label("key")).cte("keys", recursive=True)
        after = sa.select(sa.func.min(table.c.key)).where(table.c.key > keys.c.key)
        step = sa.select(after.scalar_subquery()).where(keys.c.key.is_not(None))
        keys = keys.union_all(step)
        query = sa.select(keys.c.key).where(keys.c.key.is_not(None))
        if not self._account.admin:
            # A name may tell what others work on.
            own = table.join(RUNS, RUNS.c.run_uuid == table.c.run_uuid).outerjoin(
                visible.containers, visible.containers.c.run_uuid == RUNS.c.run_uuid
            )
            used = sa.select(1).select_from(own).where(table.c.key == keys.c.key, self._here)
            query = query.where(used.exists())
        return list(self._connection.execute(query).scalars())


class _Values(Mapping[str, Any]):
    """One run's values; a column is read for all runs at once."""

    def __init__(self, table: Table, id_: str) -> None:
        self._table, self._id = table, id_

    def __getitem__(self, name: str) -> Any:
        if name not in self._table.names:
            raise KeyError(name)
        return self._table.column(name).get(self._id)

    def __iter__(self) -> Iterator[str]:
        return iter(self._table.names)

    def __len__(self) -> int:
        return len(self._table.names)


def _number(value: float, is_nan: bool) -> float:
    if is_nan:
        return float("nan")
    return value if abs(value) < HUGE else float("inf") * (1 if value > 0 else -1)
