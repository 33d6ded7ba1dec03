"""`--class-weights`: `balanced`, or what each class counts, as CLASS=WEIGHT or in a file."""

import csv
import json
import math
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from project.cli.numbers import number
from project.words.telling import quoted

BALANCED = "balanced"
_LARGEST = 2**20  # bytes of a file
_FORMS = f"{BALANCED}, a JSON or CSV file, or CLASS=WEIGHT for each class"


def read(flag: str, values: Sequence[str]) -> tuple[str, ...]:
    """What was given in one spelling; of a file, its content as CLASS=WEIGHT.

    Raises:
        ValueError: the file can't be read, or says no weight of a class; one line with its name.
    """
    if len(values) == 1 and values[0] != BALANCED:
        path = values[0]
        if os.path.isfile(path):
            return tuple(f"{name}={weight}" for name, weight in _in_file(flag, path))
        if "=" not in path:
            raise ValueError(f"{flag} {quoted(path)}: there is no such file; give {_FORMS}")
    return tuple(map(_canonical, values))


def by_class(values: Sequence[str]) -> dict[str, float] | None:
    """The weights by class; None where they are to be balanced."""
    if tuple(values) == (BALANCED,):
        return None
    pairs = (value.rpartition("=") for value in values)
    return {name: float(weight) for name, _, weight in pairs}


def problems(flag: str, values: Sequence[str]) -> Iterator[str]:
    """What is wrong with them, whatever the classes; a line each."""
    if tuple(values) == (BALANCED,):
        return
    names = []
    for value in values:
        name, equals, weight = value.rpartition("=")
        if not equals or not name:
            alone = f"{BALANCED} stands alone" if value == BALANCED else f"give {_FORMS}"
            yield f"{flag} {quoted(value)}: {alone}"
            return
        names.append(name)
        found = number(weight)
        if found is None or not 0 <= found < math.inf:
            yield f"{flag}: class {quoted(name)} weighs {quoted(weight)}: give a number from 0 on"
    twice = next((name for i, name in enumerate(names) if name in names[:i]), None)
    if twice is not None:
        yield f"{flag}: class {quoted(twice)} is there twice"


def _canonical(value: str) -> str:
    name, equals, weight = value.rpartition("=")
    found = number(weight) if equals else None
    return value if found is None else f"{name}={_text(found)}"


def _text(weight: float) -> str:
    return repr(weight).removesuffix(".0")


def _in_file(flag: str, path: str) -> Iterator[tuple[str, str]]:
    """Class and weight of each entry of a file."""
    try:
        with open(path, "rb") as file:
            content = file.read(_LARGEST + 1)
        if len(content) > _LARGEST:
            raise ValueError(f"it is larger than {_LARGEST // 1024} KiB")
        text = content.decode("utf-8-sig")
        pairs = list(_of_json(text) if text.lstrip()[:1] in ("{", "[") else _of_csv(text))
        if not pairs:
            raise ValueError("it is empty")
    except OSError as error:
        raise ValueError(f"{flag} {path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ValueError(f"{flag} {path} is not UTF-8 ({error.reason}); save it as such") from None
    except (ValueError, csv.Error) as error:
        raise ValueError(
            f"{flag} {path}: {error}; write {{CLASS: WEIGHT, ...}} as JSON, or lines CLASS,WEIGHT"
        ) from None
    for name, weight in pairs:
        found = number(weight) if isinstance(weight, str) else weight
        if isinstance(found, bool) or not isinstance(found, (int, float)):
            told = f"class {quoted(name)} weighs {quoted(weight)}"
            raise ValueError(f"{flag} {path}: {told}, no number")
        yield name, _text(float(found))


def _of_json(text: str) -> Iterable[tuple[str, Any]]:
    found = json.loads(text, object_pairs_hook=_Pairs)
    if not isinstance(found, _Pairs):
        raise ValueError("it holds no object")
    return found


class _Pairs(list):
    """An object's entries, the same name twice among them."""


def _of_csv(text: str) -> Iterator[tuple[str, str]]:
    for i, row in enumerate(csv.reader(text.splitlines())):
        if not row:
            continue
        if len(row) != 2:
            raise ValueError(f"line {i + 1} has {len(row)} columns")
        name, weight = row[0], row[1].strip()
        if i or number(weight) is not None:  # the first may be a header
            yield name, weight
