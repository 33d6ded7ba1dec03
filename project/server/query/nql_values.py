"""The types of the Neptune Query Language: how each is stored, compared, and its values read."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

EQUAL, ORDER = ("=",), ("=", ">=", "<=", ">", "<")
NUMBER = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?inf)\s*([kKMGT]?B)?")
UNITS = {"": 0, "B": 0, "KB": 1, "MB": 2, "GB": 3, "TB": 4}
AGO = re.compile(r"-(\d{1,9})([smhdwMy])")
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "M": 2_592_000, "y": 31_536_000}
STATES = {"running": "running", "active": "running", "idle": "idle", "inactive": "idle"}
# RE2 takes time and memory in proportion to the pattern.
MAX_PATTERN = 1000


def _number(text: str) -> float:
    match = NUMBER.fullmatch(text)
    if match is None:
        raise ValueError("is no number")
    return float(match[1]) * 1024 ** UNITS[(match[2] or "").upper()]


def _bool(text: str) -> float:
    if text.lower() not in ("true", "false"):
        raise ValueError("is neither true nor false")
    return float(text.lower() == "true")


def _datetime(text: str) -> float:
    """Unix milliseconds; a month ago is 30 days ago, a year 365; a time without a zone is UTC."""
    ago = AGO.fullmatch(text)
    if ago:
        return (time.time() - int(ago[1]) * SECONDS[ago[2]]) * 1000
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("is neither a time such as 2026-02-06T05:00:00Z nor one such as -2h, -5d")
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1000)


def _state(text: str) -> str:
    if text.lower() not in STATES:
        raise ValueError(f"is none of {', '.join(STATES)}")
    return STATES[text.lower()]


@dataclass(frozen=True)
class Type:
    """A type of the language.

    Attributes:
        stored: the types of the attributes it means.
        column: where their value stands in `tables.attributes`.
        operators: that its values compare by.
        read: a value from its text, as stored; raises ValueError.
    """

    stored: tuple[str, ...]
    column: str
    operators: tuple[str, ...]
    read: Callable[[str], str | float]


def _text(stored: str, *operators: str) -> Type:
    return Type((stored,), "text", operators, str)


TYPES = {
    # A whole number that was logged is an int, whatever its writer thinks of it.
    "float": Type(("float", "int"), "number", ORDER, _number),
    "int": Type(("int",), "number", ORDER, _number),
    "bool": Type(("bool",), "number", EQUAL, _bool),
    "datetime": Type(("datetime",), "number", ORDER, _datetime),
    "floatSeries": Type(("floatSeries",), "number", ORDER, _number),
    "experimentState": Type(("experimentState",), "text", EQUAL, _state),
    "string": _text("string", *ORDER, "CONTAINS", "MATCHES"),
    "stringSeries": _text("stringSeries", *ORDER, "CONTAINS", "MATCHES"),
    "artifact": _text("artifact", *EQUAL, "CONTAINS", "MATCHES"),
    "stringSet": _text("stringSet", "CONTAINS"),
    **{name: _text(name) for name in ("file", "fileSet", "imageSeries", "gitRef", "notebookRef")},
}
TYPES["integer"], TYPES["boolean"] = TYPES["int"], TYPES["bool"]
