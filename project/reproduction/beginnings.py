"""What two runs' training began with: the states of the generators, and the weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def start_differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What differs between two records' `start`, a line each; older records know no generators."""
    known = then["generators"].keys() & now["generators"].keys()
    found = [
        f"start: another state of {name}'s generator after seeding"
        for name in sorted(known)
        if then["generators"][name] != now["generators"][name]
    ]
    if then["weights"] != now["weights"]:
        found.append(f"start: weights {_short(then['weights'])} -> {_short(now['weights'])}")
    return found


def _short(text: str | None) -> str:
    return (text or "none").removeprefix("blake3:")[:12]
