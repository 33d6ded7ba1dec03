"""The operations that a request asks for, as typed values, and the faults they may have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, TypedDict

INT64 = range(-(2**63), 2**63)
# What a calendar of four-digit years can show, in unix ms.
DATES = range(-62_135_596_800_000, 253_402_300_800_000)
INCONSISTENT = "metadata_inconsistency"
BAD_SERIES, BAD_FLOAT = "logSeriesValueError", "assignFloatValueError"


class OperationError(TypedDict):
    """What was wrong with one operation."""

    errorType: str
    errorDescription: str


class Fault(Exception):
    """An operation, or one entry of it, that can't be done; the others still are."""

    def __init__(self, kind: str, description: str) -> None:
        super().__init__(description)
        self.error: OperationError = {"errorType": kind, "errorDescription": description}


class Point(NamedTuple):
    """One entry of a series; a step of None is the next one, a timestamp is in unix ms."""

    step: float | None
    timestamp: int
    value: Any


@dataclass(frozen=True)
class Assign:
    """One value for an attribute; `text` and `number` as in the attribute's row."""

    path: str
    type: str
    text: str | None
    number: float | None


@dataclass(frozen=True)
class Log:
    """Entries for a series; `type` is the attribute's."""

    path: str
    type: str
    points: list[Point]


@dataclass(frozen=True)
class Configure:
    """How a float series is drawn: its `min`, `max` and `unit`, those that were given."""

    path: str
    options: dict[str, Any]


@dataclass(frozen=True)
class Edit:
    """Strings put into a set, or taken out."""

    path: str
    insert: bool
    values: list[str]


@dataclass(frozen=True)
class Clear:
    """Nothing is left in the attribute of this type, which stays."""

    path: str
    type: str


@dataclass(frozen=True)
class Delete:
    """The attribute is gone."""

    path: str


@dataclass(frozen=True)
class DeleteFiles:
    """Files taken out of a file set."""

    path: str
    files: list[str]


Operation = Assign | Log | Configure | Edit | Clear | Delete | DeleteFiles
