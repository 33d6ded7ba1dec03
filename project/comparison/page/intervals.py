"""How sure the mean scores of groups of seeds are: what the whiskers of the page's bars show."""

from collections.abc import Mapping, Sequence
from typing import Any

from project.comparison.spread import of_mean


def intervals(groups: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, tuple[float, float]]]:
    """By group and score the 95 % confidence interval of the mean, where there is one.

    Args:
        groups: Of `describe`.
    """
    return {
        group["label"]: {
            name: ends for name, told in group["scores"].items() if (ends := of_mean(told))
        }
        for group in groups
    }
