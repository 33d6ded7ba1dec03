"""What two runs' training began with: the states of the generators, and the weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def start_differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What differs between two records' `start`, a line each; older records know of neither."""
    known = then["generators"].keys() & now["generators"].keys()
    found = [
        f"start: another state of {name}'s generator after seeding"
        for name in sorted(known)
        if then["generators"][name] != now["generators"][name]
    ]
    weights = [start["weights"] for start in (then, now)]
    if None not in weights and weights[0] != weights[1]:
        found.append(f"start: weights {short(weights[0])} -> {short(weights[1])}")
    each = taught_by(then), taught_by(now)
    if each[0] != each[1]:
        found.append(f"start: teachers {' -> '.join(' '.join(map(short, e)) or '-' for e in each)}")
    return found


def taught_by(start: Mapping[str, Any]) -> list[str]:
    """The hashes of the teachers' weights."""
    return [teacher["weights"] for teacher in start.get("teachers") or ()]


def same_weights(then: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Whether both began with the same weights of some checkpoint, wherever that stood."""
    return then["weights"] is not None and then["weights"] == now["weights"]


def short(text: str) -> str:
    """The beginning of a BLAKE3 hash, which tells two apart."""
    return text.removeprefix("blake3:")[:12]
