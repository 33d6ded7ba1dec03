"""What differs between what a sweep began with and what is here, a line each."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

# Longer values are told by their beginning.
_LONGEST = 60


def differences(then: Mapping[str, Any], here: Mapping[str, Any]) -> list[str]:
    """Lines such as `rules.window: 2 -> 4`, for nested JSON objects.

    Args:
        then: what was recorded.
        here: what would be used.
    """
    return [f"{'.'.join(path)}: {_word(old)} -> {_word(new)}" for path, old, new in _of(then, here)]


def _of(
    then: Mapping[str, Any], here: Mapping[str, Any], path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    for key in dict.fromkeys([*then, *here]):
        old, new, where = _by_name(then.get(key)), _by_name(here.get(key)), (*path, key)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            yield from _of(old, new, where)
        elif json.dumps(old, sort_keys=True) != json.dumps(new, sort_keys=True):
            yield where, old, new


def _by_name(value: Any) -> Any:
    """Items that have names, by these."""
    if not isinstance(value, list) or not value or not all(isinstance(v, dict) for v in value):
        return value
    names = [each.get("name") for each in value]
    named = len({*names}) == len(names) and all(isinstance(name, str) for name in names)
    return dict(zip(names, value, strict=True)) if named else value


def _word(value: Any) -> str:
    if value is None:
        return "none"
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST - 3]}..."
