"""The operations of one request, from JSON to typed values, with a fault for each that is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from project.server.errors import bad_request
from project.server.ingestion.checks import finite, image, kind_of, list_of, text, texts, whole
from project.server.ingestion.values import (
    BAD_FLOAT,
    BAD_SERIES,
    DATES,
    INCONSISTENT,
    INT64,
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
    Point,
)
from project.server.mlflow.points import is_negative_zero

# A primary key of PostgreSQL holds 2,704 bytes.
PATH_BYTES = 1024
NUMBER = re.compile(r"-?\d+(\.\d+)?(e[+-]?\d+)?", re.ASCII)
# Only these two hold sets, as on the hosted service.
SETS = ("sys/tags", "sys/group_tags")
# The server's own.
READ_ONLY = frozenset(
    f"sys/{name}"
    for name in "id owner creation_time size state running_time monitoring_time ping_time"
    " modification_time trashed custom_run_id".split()
)


def parse(content: Any) -> tuple[list[Operation], list[OperationError]]:
    """The operations of a request's body, and what is wrong with those that can't be done.

    Raises:
        ApiError: the body is no list of operations, or one has an unknown name or shape.
    """
    found: list[Operation] = []
    faults: list[Fault] = []
    for item in list_of(content, "the body"):
        path, name, arguments = _named(item)
        try:
            check_path(path)
            found.append(PARSERS[name](path, arguments, faults))
        except Fault as fault:
            faults.append(fault)
    return found, [fault.error for fault in faults]


def _named(item: Any) -> tuple[str, str, dict[str, Any]]:
    """The path, the name and the arguments of `{"path": ..., NAME: {...}}`."""
    if type(item) is not dict or type(item.get("path")) is not str:
        raise bad_request("an operation is an object with a path and one member named for it")
    # A generated client may send the names it doesn't use as null.
    names = [key for key, value in item.items() if key != "path" and value is not None]
    if len(names) != 1:
        raise bad_request(f"{item['path'][:200]!r}: one operation is needed, not {len(names)}")
    name = names[0]
    if name not in PARSERS:
        raise bad_request(f"{item['path'][:200]!r}: the operation {name[:50]!r} is unknown")
    if type(item[name]) is not dict:
        raise bad_request(f"{item['path'][:200]!r}: {name} needs an object")
    return item["path"], name, item[name]


def check_path(path: str) -> None:
    """Raise if no attribute that clients write can have this path.

    Raises:
        Fault: it is empty, too long, holds a NUL character or is the server's own.
    """
    if not path:
        raise Fault(INCONSISTENT, "the path is empty")
    if len(path.encode()) > PATH_BYTES:
        raise Fault(INCONSISTENT, f"the path has more than {PATH_BYTES} bytes: {path[:100]!r}...")
    if "\0" in path:
        raise Fault(INCONSISTENT, f"the path {path!r} holds a NUL character")
    if path in READ_ONLY:
        raise Fault(INCONSISTENT, f"{path} is read-only")


Parser = Callable[[str, dict[str, Any], list[Fault]], Operation]


def _float(path: str, arguments: dict[str, Any], _: list[Fault]) -> Assign:
    value = arguments.get("value")
    if type(value) is str and NUMBER.fullmatch(value):  # as `neptune.legacy` sends it
        value = float(value)
    value = finite(value, path, BAD_FLOAT)
    return Assign(path, "float", str(value) if is_negative_zero(value) else None, value)


def _int(path: str, arguments: dict[str, Any], _: list[Fault]) -> Assign:
    value = arguments.get("value")
    if type(value) is float and value.is_integer():  # beyond 64 bits, JSON's reader gives a float
        value = int(value)
    value = whole(value, path, INT64)
    return Assign(path, "int", str(value), float(value))


def _bool(path: str, arguments: dict[str, Any], _: list[Fault]) -> Assign:
    value = arguments.get("value")
    if type(value) is not bool:
        raise bad_request(f"{path!r}: a bool is needed, not {kind_of(value)}")
    return Assign(path, "bool", None, float(value))


def _string(path: str, arguments: dict[str, Any], _: list[Fault]) -> Assign:
    return Assign(path, "string", text(arguments.get("value"), path), None)


def _datetime(path: str, arguments: dict[str, Any], _: list[Fault]) -> Assign:
    value = whole(arguments.get("valueMilliseconds"), path, DATES)
    return Assign(path, "datetime", None, float(value))


def _artifact(path: str, arguments: dict[str, Any], _: list[Fault]) -> Assign:
    digest = text(arguments.get("hash"), path)
    if len(digest) > 64:
        raise Fault(INCONSISTENT, f"{path}: the hash has more than 64 characters")
    return Assign(path, "artifact", digest, None)


def _log(type_: str, read: Callable[[Any, str, str], Any]) -> Parser:
    """A parser of entries whose values `read` checks; a bad entry is left out, with a fault."""

    def parser(path: str, arguments: dict[str, Any], faults: list[Fault]) -> Log:
        points = []
        for entry in list_of(arguments.get("entries"), f"{path!r}: entries"):
            try:
                points.append(_point(entry, path, read))
            except Fault as fault:
                faults.append(fault)
        return Log(path, type_, points)

    return parser


def _point(entry: Any, path: str, read: Callable[[Any, str, str], Any]) -> Point:
    if type(entry) is not dict:
        raise bad_request(f"{path!r}: an entry is an object")
    step, timestamp = entry.get("step"), entry.get("timestampMilliseconds")
    if step is not None:
        step = _step(step, path)
    if type(timestamp) is not int or timestamp not in INT64:
        timestamp = whole(timestamp, path, INT64)
    return Point(step, timestamp, read(entry.get("value"), path, BAD_SERIES))


def _step(step: Any, path: str) -> float:
    """An int where the step is whole, as MLflow's are; else a float."""
    if type(step) is int and step in INT64:
        return step
    step = finite(step, path, BAD_SERIES)
    return int(step) if step.is_integer() and int(step) in INT64 else step


def _config(path: str, arguments: dict[str, Any], _: list[Fault]) -> Configure:
    given = {key: arguments.get(key) for key in ("min", "max", "unit")}
    options = {key: value for key, value in given.items() if value is not None}
    for key, value in options.items():
        check = text(value, path) if key == "unit" else finite(value, path, INCONSISTENT)
        options[key] = check
    return Configure(path, options)


def _edit(insert: bool) -> Parser:
    def parser(path: str, arguments: dict[str, Any], _: list[Fault]) -> Edit:
        if path not in SETS:
            raise Fault(INCONSISTENT, f"{path}: only {' and '.join(SETS)} hold strings")
        return Edit(path, insert, list(texts(arguments.get("values"), path)))

    return parser


def _clear(type_: str) -> Parser:
    return lambda path, arguments, faults: Clear(path, type_)


def _delete_files(path: str, arguments: dict[str, Any], _: list[Fault]) -> DeleteFiles:
    return DeleteFiles(path, list(texts(arguments.get("filePaths"), path)))


PARSERS: dict[str, Parser] = {
    "assignFloat": _float,
    "assignInt": _int,
    "assignBool": _bool,
    "assignString": _string,
    "assignDatetime": _datetime,
    "assignArtifact": _artifact,
    "logFloats": _log("floatSeries", finite),
    "logStrings": _log("stringSeries", text),
    "logImages": _log("imageSeries", image),
    "configFloatSeries": _config,
    "insertStrings": _edit(True),
    "removeStrings": _edit(False),
    "clearFloatSeries": _clear("floatSeries"),
    "clearStringSeries": _clear("stringSeries"),
    "clearImageSeries": _clear("imageSeries"),
    "clearStringSet": _clear("stringSet"),
    "clearArtifact": _clear("artifact"),
    "deleteFiles": _delete_files,
    "deleteAttribute": lambda path, arguments, faults: Delete(path),
}
