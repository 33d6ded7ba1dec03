"""The attributes of a container within one transaction: read, typed, named for MLflow, written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

import sqlalchemy as sa

from project.server.ingestion.values import INCONSISTENT, Fault
from project.server.mlflow import dataset, view
from project.server.mlflow.names import CONSTANT, Showing, free, is_ours, showing, shown_text
from project.server.mlflow.view import Shown
from project.server.store.database import ROWS_AT_ONCE, Database
from project.server.store.tables import attributes
from project.server.store.values import Container, Row


class TypeConflict(Fault):
    """The attribute is there, with another type."""

    def __init__(self, path: str, known: str, wanted: str) -> None:
        super().__init__(INCONSISTENT, f"{path} is of type {known}, not {wanted}")


COLUMNS = [attributes.c[name] for name in Row.__dataclass_fields__]
SOME = sa.select(*COLUMNS).where(
    attributes.c.container_id == sa.bindparam("own"),
    attributes.c.path.in_(sa.bindparam("paths", expanding=True)),
)


@dataclass
class Attributes:
    """The attributes of one container, read and written in bulk; the caller holds its lock."""

    connection: sa.Connection
    database: Database
    container: Container
    _rows: dict[str, Row | None] = field(default_factory=dict)
    _touched: set[str] = field(default_factory=set)
    _hidden: set[Shown] = field(default_factory=set)
    _gone: dict[str, None] = field(default_factory=dict)  # artifacts
    _taken: set[Shown] | None = None

    def load(self, paths: Iterable[str]) -> None:
        """Read these attributes, all at once."""
        missing = sorted(set(paths) - self._rows.keys())
        for start in range(0, len(missing), ROWS_AT_ONCE):
            end = start + ROWS_AT_ONCE
            some = missing[start:end]
            self._rows.update(dict.fromkeys(some))
            own = {"own": self.container.id, "paths": some}
            for found in self.connection.execute(SOME, own):
                self._rows[found.path] = Row(*found)

    def get(self, path: str) -> Row | None:
        """The attribute's row, to be read only."""
        if path not in self._rows:
            self.load([path])
        return self._rows[path]

    def known(self, path: str, type_: str) -> Row | None:
        """The attribute's row, to be changed, or None if it isn't there.

        Raises:
            TypeConflict: it is there with another type.
        """
        row = self.get(path)
        if row is not None and row.type != type_:
            raise TypeConflict(path, row.type, type_)
        self._touched.add(path)
        return row

    def have(self, path: str, type_: str) -> Row:
        """The attribute's row, to be changed, which is made if it isn't there.

        Raises:
            TypeConflict: it is there with another type.
        """
        row = self.known(path, type_)
        if row is None:
            row = self._rows[path] = Row(path, type_)
            wanted = self._wanted(row)
            if wanted:
                row.shown_as, row.key = self._take(wanted, path)
        return row

    def remove(self, path: str) -> None:
        """Delete the attribute's row, and what MLflow shows of it."""
        row = self.get(path)
        if row is None:
            return
        self._touched.add(path)
        self._rows[path] = None
        if row.type == "artifact":
            self._gone[path] = None
        if row.shown_as:
            self._hidden |= self._shown(row).keys()
            self._names().discard((row.shown_as, row.key))

    def flush(self) -> None:
        """Write what was changed."""
        touched = sorted(self._touched)
        rows = [row for row in map(self._rows.get, touched) if row is not None]
        self._delete([path for path in touched if self._rows[path] is None])
        self._upsert(rows)
        shown: dict[Shown, str | None] = dict.fromkeys(self._hidden)
        for row in rows:
            shown |= self._shown(row)
        run_uuid = self.container.run_uuid
        given = {key: value for key, value in shown.items() if value is not None}
        view.hide(self.connection, run_uuid, shown.keys() - given.keys())
        view.show(self.connection, self.database, run_uuid, given)
        data = {row.path: row.text for row in rows if row.type == "artifact"}
        data |= {path: None for path in touched if dataset.PARTS.fullmatch(path)}
        dataset.show(self.connection, self.database, self.container, self._gone | data)
        self._touched, self._hidden, self._gone = set(), set(), {}

    def _wanted(self, row: Row) -> Showing | None:
        return showing(row.path, row.type, is_ours(self.container.custom_id))

    def _shown(self, row: Row) -> dict[Shown, str | None]:
        """What MLflow shows of the row: params and tags with their texts, None for what is gone."""
        wanted = self._wanted(row)
        if wanted is None or row.type == "floatSeries":
            return {}
        text = shown_text(row.path, row.type, row.shown_as, row.text, row.number)
        besides = wanted.besides if row.key == wanted.key else ()
        return {(row.shown_as, key): CONSTANT.get(key, text) for key in (row.key, *besides)}

    def _take(self, wanted: Showing, path: str) -> Shown:
        found = free(wanted, path, self._names())
        self._names().add((found.shown_as, found.key))
        return found.shown_as, found.key

    def _names(self) -> set[Shown]:
        """The names in MLflow that attributes have taken."""
        if self._taken is None:
            query = sa.select(attributes.c.shown_as, attributes.c.key).where(
                attributes.c.container_id == self.container.id, attributes.c.key.is_not(None)
            )
            new = {(row.shown_as, row.key) for row in self._rows.values() if row and row.key}
            self._taken = {tuple(row) for row in self.connection.execute(query)} | new
        return self._taken

    def _delete(self, paths: list[str]) -> None:
        own = attributes.c.container_id == self.container.id
        for start in range(0, len(paths), ROWS_AT_ONCE):
            end = start + ROWS_AT_ONCE
            some = attributes.c.path.in_(paths[start:end])
            self.connection.execute(attributes.delete().where(own, some))

    def _upsert(self, rows: list[Row]) -> None:
        if rows:
            values = [{"container_id": self.container.id, **vars(row)} for row in rows]
            self.connection.execute(_upsert_of(self.database), values)


@lru_cache(maxsize=2)
def _upsert_of(database: Database) -> sa.Insert:
    """The statement, built once: that takes longer than its work in the database."""
    insert = database.insert(attributes)
    changed = {column.name: insert.excluded[column.name] for column in COLUMNS[1:]}
    return insert.on_conflict_do_update(index_elements=["container_id", "path"], set_=changed)
