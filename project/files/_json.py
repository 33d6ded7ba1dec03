"""JSON files, whole or absent, that hold what JSON lacks too."""

import json
import math
from pathlib import Path
from typing import Any

from project.files._whole import write_atomic


def write_json(path: Path, value: Any) -> None:
    """Write `value` atomically as `json_text`."""
    write_atomic(path, json_text(value))


def json_text(value: Any) -> str:
    """`value` as indented JSON; NaN and infinities, which it lacks, as texts."""
    return json.dumps(finite(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def parsed(text: str) -> Any:
    """The value of a text of JSON.

    Raises:
        ValueError: it is none, or is nested too deep.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def read_json(path: Path, *needed: str) -> Any:
    """Read a JSON file; with `needed`, one that holds an object with at least these keys.

    Raises:
        ValueError: the file is not JSON, or lacks a key; the message names it.
    """
    try:
        value = parsed(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is damaged: it is not JSON ({error})") from error
    lacking = [key for key in needed if not isinstance(value, dict) or key not in value]
    if lacking:
        raise ValueError(f"{path} is damaged: it lacks {', '.join(map(repr, lacking))}")
    return value


def finite(value: Any) -> Any:
    """`value` with non-finite floats, at any depth, as texts that `float()` reads back."""
    if isinstance(value, float) and not math.isfinite(value):
        return repr(value)
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(item) for item in value]
    return value
