"""Nested records as rows: a dotted name and a value of each run."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Row = dict[str, Any]


def flatten(value: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """`{"cpu": {"count": 2}}` as `{"cpu.count": 2}`; lists are values."""
    found: dict[str, Any] = {}
    for name, item in value.items():
        if isinstance(item, Mapping):
            found |= flatten(item, f"{prefix}{name}.")
        else:
            found[f"{prefix}{name}"] = item
    return found


def rows(columns: Sequence[Mapping[str, Any]]) -> list[Row]:
    """A row for each name that any column has: `name`, `values` in their order, `differs`."""
    names = dict.fromkeys(name for column in columns for name in column)
    found = []
    for name in names:
        values = [column.get(name) for column in columns]
        found.append({"name": name, "values": values, "differs": differ(values)})
    return found


def differ(values: Iterable[Any]) -> bool:
    """Whether there are two that are not the same; nan is the same as nan."""
    return len({identity(value) for value in values}) > 1


def identity(value: Any) -> str:
    """A text that is equal for equal values."""
    return json.dumps(value, sort_keys=True, default=str)
