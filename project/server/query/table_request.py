"""What a request for the table of runs asks: the query, the order, the columns and the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from project.server.errors import bad_request
from project.server.query.nql import AGGREGATES
from project.server.query.nql_values import TYPES

# As many as the client reads on from without a new query.
MAX_ENTRIES = 10_000
MAX_OFFSET = 2**31
DIRECTIONS = {"ascending": True, "descending": False}
# What a float series is sorted by; the last value where it isn't said.
MODES = {"none": None, "auto": None, "last": None} | {name: name for name in AGGREGATES[1:]}


@dataclass(frozen=True)
class Sorting:
    """The order of rows.

    Attributes:
        name: the attribute's path.
        type: its type, as the query language names it.
        ascending: whether the smallest comes first.
        aggregate: for a float series, "min", "max", "average" or "variance", or None: the last.
    """

    name: str
    type: str
    ascending: bool
    aggregate: str | None


@dataclass(frozen=True)
class TableRequest:
    """The request.

    Attributes:
        query: in the Neptune Query Language; "" for all.
        sorting: the order, or None: the newest first.
        columns: paths of the attributes to send; None for all.
        limit: rows to send.
        offset: rows to pass over.
    """

    query: str
    sorting: Sorting | None
    columns: list[str] | None
    limit: int
    offset: int

    @classmethod
    def read(cls, params: Any) -> TableRequest:
        """The request from its JSON.

        Raises:
            ApiError: a member is not what it should be.
        """
        params = _typed(params, "the body", dict, {})
        page = _member(params, "pagination", dict, {})
        columns = _member(params, "attributeFilters", list, None)
        return cls(
            query=_member(_member(params, "query", dict, {}), "query", str, ""),
            sorting=_sorting(_member(params, "sorting", dict, {})),
            columns=None if columns is None else [_path(column) for column in columns],
            limit=_number(page, "limit", 1000, MAX_ENTRIES),
            offset=_number(page, "offset", 0, MAX_OFFSET),
        )


def _sorting(sorting: dict[str, Any]) -> Sorting | None:
    field = _member(sorting, "sortBy", dict, None)
    if not field:
        return None
    direction = _member(sorting, "dir", str, "descending")
    mode = _member(field, "aggregationMode", str, None) or _mode(sorting)
    type_ = _member(field, "type", str, "string")
    for value, known in ((direction, DIRECTIONS), (mode, MODES), (type_, TYPES)):
        if value not in known:
            raise bad_request(f"sorting: {value[:50]!r} is none of {', '.join(known)}")
    name = _member(field, "name", str, "")
    return Sorting(name, type_, DIRECTIONS[direction], MODES[mode])


def _mode(sorting: dict[str, Any]) -> str:
    return _member(sorting, "aggregationMode", str, "none")


def _path(column: Any) -> str:
    return _member(_typed(column, "attributeFilters", dict, {}), "path", str, "")


def _number(page: dict[str, Any], name: str, default: int, most: int) -> int:
    value = _member(page, name, int, default)
    if not 0 <= value <= most:
        raise bad_request(f"{name} is not between 0 and {most}")
    return value


def _member(owner: dict[str, Any], name: str, kind: type, default: Any) -> Any:
    return _typed(owner.get(name), name, kind, default)


def _typed(value: Any, name: str, kind: type, default: Any) -> Any:
    """The value, or the default in place of null."""
    if value is None:
        return default
    if type(value) is not kind:
        raise bad_request(f"{name} is no {kind.__name__}")
    if kind is str and "\0" in value:
        raise bad_request(f"{name} holds a NUL character")
    return value
