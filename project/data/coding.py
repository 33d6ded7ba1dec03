"""What the values or colours of masks mean: which class each is, and which counts nowhere."""

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from project.values import IGNORED

FILES = ("classes.json", "classes.csv")
# Of masks in uint8, which has a value for what is ignored, and one for what is unknown.
MOST_CLASSES = 254
UNKNOWN = 254
LARGEST = 65535
FORM = (
    'write {"0": "ground", "7": "tree", "255": null} (null: ignored), or colours, "128,0,64", for'
    " values"
)
Code = int | tuple[int, int, int]


@dataclass(frozen=True)
class Coding:
    """Classes, and what of a mask means which.

    Attributes:
        classes: names, by number.
        codes: of each value, or of each colour `(red, green, blue)`, the class's number or IGNORED.
        source: the file that says so, for messages; None: the masks themselves do.
    """

    classes: tuple[str, ...]
    codes: Mapping[Code, int]
    source: str | None = None

    @cached_property
    def table(self) -> np.ndarray:
        """The number of each value's class `(65536,)`, or each colour's `(2^24,)`; else UNKNOWN."""
        table = np.full(2**24 if self.is_of_colours else LARGEST + 1, UNKNOWN, np.uint8)
        for code, cls in self.codes.items():
            table[packed(np.array(code)) if isinstance(code, tuple) else code] = cls
        return table

    @property
    def is_of_colours(self) -> bool:
        """Whether colours are classes, not values."""
        return any(isinstance(code, tuple) for code in self.codes)

    def key(self) -> bytes:
        """The same for codings by which the same mask has the same classes."""
        return json.dumps(sorted((str(code), cls) for code, cls in self.codes.items())).encode()


def packed(colours: np.ndarray) -> np.ndarray:
    """Colours `(..., 3)` as whole numbers `(...)`: red, green and blue in 8 bits each."""
    return colours.astype(np.int32) @ np.array([2**16, 2**8, 1], np.int32)


def read_coding(folder: Path, ignored: int | None) -> Coding | None:
    """What a `classes.json` or `classes.csv` in a data folder says; None: there is none.

    JSON maps a value (`"7"`) or a colour (`"128,0,64"`) to a name, or to null for what is ignored.
    CSV has columns `value,name` or `r,g,b,name`, in any order, and an empty name for what is
    ignored. Codes of one name are one class; classes are numbered as they come.

    Args:
        folder: the data folder.
        ignored: the value that is ignored where the file says nothing of it; None: none is.

    Raises:
        ValueError: there are both, or the file is written otherwise; in one line.
        OSError: it can't be read.
    """
    there = [folder / name for name in FILES if (folder / name).exists()]
    if not there:
        return None
    if len(there) > 1:
        raise ValueError(f"{folder} has both {' and '.join(FILES)}; remove one")
    path = there[0]
    try:
        pairs = _of_json(path) if path.suffix == ".json" else _of_csv(path)
        return _made(pairs, ignored, str(path))
    except ValueError as error:  # also of what is no JSON, or no UTF-8
        raise ValueError(f"{path}: {' '.join(str(error).split())}; {FORM}") from None


def _of_json(path: Path) -> Iterable[tuple[str, Any]]:
    found = json.loads(path.read_text("utf-8-sig"), object_pairs_hook=list)
    if not isinstance(found, list) or not all(isinstance(pair, tuple) for pair in found):
        raise ValueError("it is no object of values and names")
    return found


def _of_csv(path: Path) -> Iterable[tuple[str, Any]]:
    rows = list(csv.reader(path.read_text("utf-8-sig").splitlines(), skipinitialspace=True))
    head = [name.strip().lower() for name in rows[0]] if rows else []
    columns = next((c for c in (["value"], ["r", "g", "b"]) if {*c, "name"} == set(head)), None)
    if columns is None:
        raise ValueError(f"its first line is {','.join(head)!r}, not value,name or r,g,b,name")
    for row in filter(None, rows[1:]):
        if len(row) != len(head):
            raise ValueError(f"{','.join(row)!r} has {len(row)} columns, not {len(head)}")
        by_name = dict(zip(head, row, strict=True))
        yield ",".join(by_name[c] for c in columns), by_name["name"].strip() or None


def _made(pairs: Iterable[tuple[str, Any]], ignored: int | None, source: str) -> Coding:
    classes: list[str] = []
    codes: dict[Code, int] = {}
    for text, name in pairs:
        code = _code(text)
        if code in codes:
            raise ValueError(f"{text!r} stands there twice")
        if name is not None and not (isinstance(name, str) and name.isprintable() and name):
            raise ValueError(f"{text!r} has {name!r}, no name")
        if name is not None and name not in classes:
            classes.append(name)
        codes[code] = IGNORED if name is None else classes.index(name)
    if len({isinstance(code, tuple) for code in codes}) > 1:
        raise ValueError("it has both values and colours")
    if not 2 <= len(classes) <= MOST_CLASSES:
        raise ValueError(f"its number of classes is {len(classes)}, not 2 to {MOST_CLASSES}")
    coding = Coding(tuple(classes), codes, source)
    if ignored is not None and not coding.is_of_colours:
        codes.setdefault(ignored, IGNORED)
    return coding


def _code(text: str) -> Code:
    parts = text.split(",")
    if not all(part.strip().isascii() and part.strip().isdigit() for part in parts):
        raise ValueError(f"{text!r} is no value, nor a colour")
    numbers = tuple(map(int, parts))
    if len(numbers) == 1 and numbers[0] <= LARGEST:
        return numbers[0]
    if len(numbers) == 3 and max(numbers) <= 255:
        return (numbers[0], numbers[1], numbers[2])
    raise ValueError(f"{text!r} is no value up to {LARGEST}, nor a colour of three up to 255")


def of_masks(values: Sequence[Iterable[int]], names: Sequence[str], ignored: int | None) -> Coding:
    """The classes 0 to n - 1 of masks that no file explains: their values.

    Args:
        values: of each training mask, those that occur.
        names: of the masks, for messages.
        ignored: the value that is ignored; None: none is.

    Raises:
        ValueError: the values have gaps, or there is one alone; the message names a mask.
    """
    first: dict[int, str] = {}
    for found, name in zip(values, names, strict=True):
        for value in found:
            first.setdefault(value, name)
    there = sorted(first.keys() - {ignored})
    due = [value for value in range(len(there) + 1) if value != ignored][: len(there)]
    odd = next(((value, d) for value, d in zip(there, due, strict=True) if value != d), None)
    if odd is not None:
        problem = f"{first[odd[0]]} has the value {odd[0]}, but no training mask has {odd[1]}"
    elif not 2 <= len(there) <= MOST_CLASSES:
        seen = [*map(str, there[:1]), *([f"the ignored {ignored}"] if ignored in first else [])]
        few = f"no value but {' and '.join(seen)}" if len(there) < 2 else f"{len(there)} values"
        problem = f"the training masks have {few}, not 2 to {MOST_CLASSES} classes"
    else:
        codes: dict[Code, int] = {value: i for i, value in enumerate(there)}
        codes |= {} if ignored is None else {ignored: IGNORED}
        return Coding(tuple(f"class {value}" for value in there), codes)
    raise ValueError(
        f"{problem}: say what values mean in {FILES[0]} in the data folder"
        ' ({"0": "ground", "255": "tree"}; null: ignored), or --ignore-value'
    )
