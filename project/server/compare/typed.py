"""What a text in MLflow's params and tags stands for: a number, a truth, a list, or a text."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
# As JSON, Python and YAML write them.
_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None, "none": None}
_WORDS |= {"nan": float("nan"), "inf": float("inf"), "-inf": float("-inf")}
# Flags that people write freely: a description `1.10` is that text.
_FREE = ("exp_name", "description", "exp_dir", "data_dir")


@lru_cache(maxsize=100_000)
def _read(text: str) -> Any:
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if _NUMBER.fullmatch(text):
        return int(text) if text.lstrip("+-").isdecimal() and len(text) < 20 else float(text)
    return text


def typed(text: str, name: str = "") -> Any:
    """The value that a text stands for; that of a flag which people write freely is the text."""
    if name in _FREE:
        return text
    if text.startswith("["):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            return text
        return found if isinstance(found, list) else text
    return _read(text)
