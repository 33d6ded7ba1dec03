"""Measuring in turns: A B A B ..., so that a machine whose speed drifts is fair to both."""

from collections.abc import Callable, Mapping
from statistics import median

Cases = Mapping[str, Callable[[], float]]


def take_turns(cases: Cases, n: int, warm_up: int = 1) -> dict[str, list[float]]:
    """What each case measured in each turn.

    Args:
        cases: what to measure by name, each a function that returns its measurement.
        n: turns that count.
        warm_up: turns before them that do not.
    """
    turns = [{name: measure() for name, measure in cases.items()} for _ in range(warm_up + n)]
    return {name: [turn[name] for turn in turns[warm_up:]] for name in cases}


def ratios(values: list[float], reference: list[float]) -> list[float]:
    """Turn by turn, what the one measured over what the other did."""
    return [a / b for a, b in zip(values, reference, strict=True)]


def compare(cases: Cases, n: int) -> dict[str, list[float]]:
    """Take n turns after one that does not count; print them and return all measurements."""
    found = take_turns(cases, n)
    print("\n".join(lines(found)))
    return found


def lines(found: Mapping[str, list[float]]) -> list[str]:
    """Each case's median, spread and ratio to the first one."""
    reference = next(iter(found.values()))
    width = max(map(len, found))
    return [
        f"  {name:<{width}}  median {median(values):.4g}"
        f" ({min(values):.4g} to {max(values):.4g})"
        f"  ratio {median(ratios(values, reference)):.3g}  n={len(values)}"
        for name, values in found.items()
    ]
