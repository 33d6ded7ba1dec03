"""The mean of several runs' curves, with the least and greatest, as far as they are drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np


def averaged(curves: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One curve of several, as `curves.read` gives them, with `low` and `high`.

    Of long ones the means of their buckets count. Curves of as many points are taken point by
    point; of others each counts where it has begun and not ended, on a straight line between its
    points.
    """
    lines = [_line(curve) for curve in curves]
    lines = [(x, y) for x, y in lines if len(x)]
    odd = sorted((point for curve in curves for point in curve["odd"]), key=lambda point: point[0])
    shown = {"points": max((curve["points"] for curve in curves), default=0), "odd": odd}
    if not lines:
        return shown | {"x": [], "y": [], "low": [], "high": [], "mean": None}
    x, values = _together(lines)
    columns = {"y": np.nanmean, "low": np.nanmin, "high": np.nanmax}
    shown |= {name: reduce(values, axis=0).tolist() for name, reduce in columns.items()}
    return shown | {"x": x.tolist(), "mean": None}


def _line(curve: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    told = curve["mean"] or curve
    return np.array(told["x"], dtype=float), np.array(told["y"], dtype=float)


def _together(lines: Sequence[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """Places (n,), and the values of each curve there (curves, n); NaN where it has none."""
    if len({len(x) for x, _ in lines}) == 1:
        return np.mean([x for x, _ in lines], axis=0), np.array([y for _, y in lines])
    places = np.unique(np.concatenate([x for x, _ in lines]))
    values = [np.interp(places, x, y, left=np.nan, right=np.nan) for x, y in lines]
    return places, np.array(values)
