"""How good runs are that differ in the seed alone: mean and standard deviation."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from project.cli.summary import SCORES, Row, number


def rows_over_seeds(outcomes: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Mean and standard deviation (n - 1) of each headline score, as rows of name and value.

    Args:
        outcomes: of the runs that finished, as in `outcome.json`.
    """
    bests = [outcome["best"] for outcome in outcomes if outcome["best"]]
    names = [*SCORES, *(best["monitor"].removeprefix("val_") for best in bests)]
    splits = {
        "test": ("test", [outcome["test"] or {} for outcome in outcomes]),
        "validation": ("val", [best["metrics"] for best in bests]),
    }
    rows = []
    for name in dict.fromkeys(names):
        parts = []
        for split, (prefix, scores) in splits.items():
            values = [found.get(f"{prefix}_{name}") for found in scores]
            if values and None not in values:
                parts.append(f"{split} {_spread([float(value) for value in values])}")
        rows += [(name, "  ".join(parts))] if parts else []
    return rows


def _spread(values: list[float]) -> str:
    n = len(values)
    mean = math.fsum(values) / n
    if n == 1:
        return number(mean)
    # What is left of equal values is the rounding of their mean.
    if max(values) == min(values):
        return f"{number(mean)} ± {number(0.0)}"
    variance = math.fsum((value - mean) ** 2 for value in values) / (n - 1)
    return f"{number(mean)} ± {number(math.sqrt(variance))}"
