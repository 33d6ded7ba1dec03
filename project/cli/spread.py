"""How good runs are that differ in the seed alone: mean and standard deviation."""

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from project.cli.summary import Row, number
from project.scores import FORMER_TASK


def rows_over_seeds(
    outcomes: Sequence[Mapping[str, Any]], first: Sequence[str] = FORMER_TASK["headline"]
) -> list[Row]:
    """Mean and standard deviation (n - 1) of each headline score, as rows of name and value.

    Args:
        outcomes: of the runs that finished, as in `outcome.json`.
        first: the scores that matter.
    """
    bests = [outcome["best"] for outcome in outcomes if outcome["best"]]
    names = [*first, "loss", *(best["monitor"].removeprefix("val_") for best in bests)]
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
    told = summary(values)
    return number(told["mean"]) + (f" ± {number(told['sd'])}" if len(values) > 1 else "")


def summary(values: Sequence[float]) -> dict[str, Any]:
    """`n`, `mean` and the sample standard deviation `sd` (n - 1; None for a single value).

    Of no value at all there is no mean either.
    """
    if not values:
        return {"n": 0, "mean": None, "sd": None}
    if not all(map(math.isfinite, values)):
        # The mean of inf and -inf is none; neither is their spread.
        return {"n": len(values), "mean": math.nan, "sd": math.nan if len(values) > 1 else None}
    try:
        sd = statistics.stdev(values) if len(values) > 1 else None
        return {"n": len(values), "mean": statistics.fmean(values), "sd": sd}
    except OverflowError:  # finite values, the sum of whose squares is not
        return {"n": len(values), "mean": math.nan, "sd": math.nan}
