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
    return found


def same_weights(then: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Whether both began with the same weights of some checkpoint, wherever that stood."""
    return then["weights"] is not None and then["weights"] == now["weights"]


def short(text: str) -> str:
    """The beginning of a BLAKE3 hash, which tells two apart."""
    return text.removeprefix("blake3:")[:12]
