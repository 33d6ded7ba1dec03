"""One batch of operations within its transaction: each is applied to the attributes it names."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import orjson
import sqlalchemy as sa

from project.server.api.context import Context
from project.server.containers import states, sys_attributes
from project.server.ingestion import releasing
from project.server.ingestion.assign import Attributes
from project.server.ingestion.curves import Curves
from project.server.ingestion.images import Pictures
from project.server.ingestion.lines import Lines
from project.server.ingestion.replay import Batch, Span
from project.server.ingestion.values import (
    Assign,
    Clear,
    Configure,
    Delete,
    DeleteFiles,
    Edit,
    Fault,
    Log,
    Operation,
    OperationError,
)
from project.server.store.values import Container, Row


class Application:
    """A batch as it is applied."""

    def __init__(
        self,
        context: Context,
        connection: sa.Connection,
        container: Container,
        former: list[Batch],
    ) -> None:
        self._context, self._connection, self._container = context, connection, container
        self._attributes = Attributes(connection, context.database, container)
        self._curves = Curves(self._attributes, former)
        self._lines = Lines(self._attributes, former)
        self._pictures = Pictures(self._attributes, former)
        # Those that MLflow shows in ways of their own.
        self._system: set[str] = set()
        # Files that no attribute has any more.
        self._released: list[str] = []

    @property
    def spans(self) -> dict[str, Span]:
        """Where the points without a step went."""
        return self._curves.spans | self._lines.spans | self._pictures.spans

    def apply(self, operations: list[Operation]) -> list[OperationError]:
        """Apply all of them; returns what was wrong with those that could not be."""
        self._attributes.load(item.path for item in operations)
        errors = []
        for item in operations:
            try:
                self._apply[type(item)](self, item)
                if item.path.startswith("sys/"):
                    self._system.add(item.path)
            except Fault as fault:
                errors.append(fault.error)
        self._curves.flush()
        self._lines.flush()
        self._pictures.flush()
        self._attributes.flush()
        if self._released:
            releasing.resize(self._connection, self._container.id)
        if self._lines.goodbye:
            states.closed(self._connection, self._container.id, time.time_ns() // 10**6)
        for path in sorted(self._system):
            row = self._attributes.get(path)
            sys_attributes.shown(self._connection, self._container, path, row)
        return errors

    @property
    def released(self) -> list[str]:
        """Files that no attribute has any more: they go once it is sure that this is so."""
        return self._released + self._pictures.dropped

    def _assign(self, item: Assign) -> None:
        row = self._attributes.have(item.path, item.type)
        row.text, row.number = item.text, item.number

    def _log(self, item: Log) -> None:
        series = {
            "floatSeries": self._curves,
            "stringSeries": self._lines,
            "imageSeries": self._pictures,
        }
        series[item.type].log(item.path, item.points)

    def _configure(self, item: Configure) -> None:
        self._curves.configure(item.path, item.options)

    def _edit(self, item: Edit) -> None:
        row = self._attributes.have(item.path, "stringSet")
        known = dict.fromkeys(orjson.loads(row.text or "[]"))
        for value in item.values:
            if item.insert:
                known[value] = None
            else:
                known.pop(value, None)
        row.text = orjson.dumps(list(known)).decode()

    def _clear(self, item: Clear) -> None:
        row = self._attributes.known(item.path, item.type)
        if row is not None:
            self._empty(row)

    def _delete(self, item: Delete) -> None:
        row = self._attributes.get(item.path)
        if row is not None:
            self._empty(row)
            self._attributes.remove(item.path)

    def _delete_files(self, item: DeleteFiles) -> None:
        self._released += releasing.take_out(self._attributes, item.path, item.files)

    def _empty(self, row: Row) -> None:
        self._released += releasing.give_up(self._attributes, row)
        if row.type == "floatSeries":
            self._curves.clear(row)
        elif row.type == "stringSeries":
            self._lines.clear(row)
        elif row.type == "stringSet":
            row.text = "[]"
        elif row.type == "artifact":
            row.text = ""
        elif row.type == "imageSeries":
            self._pictures.clear(row)

    _apply: dict[type, Callable[[Application, Any], None]] = {
        Assign: _assign,
        Log: _log,
        Configure: _configure,
        Edit: _edit,
        Clear: _clear,
        Delete: _delete,
        DeleteFiles: _delete_files,
    }
