"""Values of a request's JSON: a fault for one that can't be kept, an error for a wrong type."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from project.server.errors import bad_request
from project.server.ingestion.values import INCONSISTENT, Fault


def finite(value: Any, path: str, kind: str) -> float:
    # JSON has no NaN: some send it as null, others as a string.
    if value is None or type(value) is str:
        raise Fault(kind, f"{path}: {str(value)[:50]!r} is no finite number")
    if type(value) is not float and type(value) is not int:
        raise bad_request(f"{path!r}: a number is needed, not {kind_of(value)}")
    if not math.isfinite(value):
        raise Fault(kind, f"{path}: {value} is no finite number")
    return float(value)


def whole(value: Any, path: str, bounds: range) -> int:
    if type(value) is not int:
        raise bad_request(f"{path!r}: a whole number is needed, not {kind_of(value)}")
    if value not in bounds:
        raise Fault(INCONSISTENT, f"{path}: {value} is not in {bounds[0]}..{bounds[-1]}")
    return value


def text(value: Any, path: str, kind: str = INCONSISTENT) -> str:
    if type(value) is not str:
        raise bad_request(f"{path!r}: a string is needed, not {kind_of(value)}")
    if "\0" in value:
        raise Fault(kind, f"{path}: the string holds a NUL character")
    return value


def texts(values: Any, path: str) -> Iterator[str]:
    return (text(value, path) for value in list_of(values, f"{path!r}: the strings"))


def image(value: Any, path: str, kind: str) -> dict[str, str]:
    if type(value) is not dict:
        raise bad_request(f"{path!r}: an image is an object, not {kind_of(value)}")
    given = {key: value.get(key) or "" for key in ("data", "name", "description")}
    return {key: text(member, path, kind) for key, member in given.items()}


def list_of(value: Any, what: str) -> list[Any]:
    if type(value) is not list:
        raise bad_request(f"{what} must be a list, not {kind_of(value)}")
    return value


def kind_of(value: Any) -> str:
    return "null" if value is None else type(value).__name__
