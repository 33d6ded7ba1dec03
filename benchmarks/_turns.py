"""Measuring in turns: A B A B ..., so that a machine whose speed drifts is fair to both."""

from collections.abc import Callable, Mapping
from statistics import median


def compare(cases: Mapping[str, Callable[[], float]], n: int) -> dict[str, list[float]]:
    """Print each case's median, spread and ratio to the first one; returns all measurements.

    Args:
        cases: what to measure by name, each a function that returns its measurement.
        n: turns that count, after one that does not.
    """
    for measure in cases.values():
        measure()
    found: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(n):
        for name, measure in cases.items():
            found[name].append(measure())
    reference = next(iter(found))
    width = max(map(len, cases))
    for name, values in found.items():
        ratios = [a / b for a, b in zip(values, found[reference], strict=True)]
        spread = f"{min(values):.4g} to {max(values):.4g}"
        print(
            f"  {name:<{width}}  median {median(values):.4g} ({spread})"
            f"  ratio {median(ratios):.3g}  n={n}"
        )
    return found
