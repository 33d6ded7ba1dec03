"""Curves for the page: of each run and of each group of seeds, with few enough points to embed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from project.comparison.epochs import logged_epochs
from project.comparison.progress import Curves
from project.comparison.reducing import extremes

# Points of all curves together; a page of so many has some 10 MB.
MOST_POINTS = 250_000
# Of a curve, at most twice as many points are kept: more than a screen has columns, to zoom into.
MOST_BUCKETS, FEWEST_BUCKETS = 25_600, 25
# Of the points that are not finite, so many are shown one by one.
ODD = 200


@dataclass(frozen=True)
class Line:
    """A curve's points, (n,) each, and how they were logged.

    Attributes:
        step, epoch, time: Where; epochs that were over, seconds since the run began.
        value: What.
        low, high: The least and greatest of the runs whose mean `value` is.
    """

    step: np.ndarray
    epoch: np.ndarray
    time: np.ndarray
    value: np.ndarray
    low: np.ndarray | None = None
    high: np.ndarray | None = None

    def at(self, indices: np.ndarray) -> "Line":
        """Some of the points."""
        return Line(**{name: a if a is None else a[indices] for name, a in vars(self).items()})


def lines_of(curves: Curves, began: float | None) -> dict[str, Line]:
    """A run's curves by name.

    Args:
        curves: Of `progress.curves`.
        began: Unix seconds from which times count; if None, the first logged.
    """
    if began is None:
        began = min((time for curve in curves.values() for time in curve["time"]), default=0)
    points = {(s, e) for c in curves.values() for s, e in zip(c["step"], c["epoch"], strict=True)}
    epochs = logged_epochs(sorted(points))
    found = {}
    for name, curve in curves.items():
        step, value = np.array(curve["step"], dtype=float), np.array(curve["value"])
        epoch = epochs.at(step) if epochs else np.array(curve["epoch"], dtype=float)
        found[name] = Line(step, epoch, np.array(curve["time"]) - began, value)
    return found


def mean_lines(runs: Sequence[Mapping[str, Line]]) -> dict[str, Line]:
    """The mean of several runs' curves, at each step over the runs that have a finite value."""
    names = dict.fromkeys(name for run in runs for name in run)
    return {name: _mean([run[name] for run in runs if name in run]) for name in names}


def _mean(lines: Sequence[Line]) -> Line:
    lines = [line.at(np.isfinite(line.value)) for line in lines]
    columns = {
        name: np.concatenate([getattr(line, name) for line in lines])
        for name in ("step", "epoch", "time", "value")
    }
    steps, at, counts = np.unique(columns["step"], return_inverse=True, return_counts=True)
    means = {name: np.bincount(at, columns[name]) / counts for name in ("epoch", "time")}
    low, high = np.full(len(steps), np.inf), np.full(len(steps), -np.inf)
    np.minimum.at(low, at, columns["value"])
    np.maximum.at(high, at, columns["value"])
    # Equal values have exactly their mean; rounding must not push it out of the band.
    value = np.clip(np.bincount(at, columns["value"]) / counts, low, high)
    return Line(steps, means["epoch"], means["time"], value, low, high)


@dataclass
class Packed:
    """Curves as JSON, which share the x of their points where these are the same.

    Attributes:
        axes: `step`, `epoch` and `time` lists.
        curves: By unit and name, of each the `axis` (its index in `axes`), the values `y`, how many
            `points` were logged, `odd` points ([step, epoch, time, kind]) and, where they are not
            all, each stretch's `mean` (`axis` and `y`); of a group `low` and `high`.
        buckets: Into how many stretches long curves were cut.
        cut: How many curves were.
    """

    axes: list[dict[str, list[float]]]
    curves: dict[str, dict[str, Any]]
    buckets: int
    cut: int = 0


def pack(units: Mapping[str, Mapping[str, Line]]) -> Packed:
    """All curves, of long ones the least and greatest point of each stretch."""
    lengths = [len(line.step) for lines in units.values() for line in lines.values()]
    found = Packed([], {}, _buckets(lengths))
    axes: dict[bytes, int] = {}
    for unit, lines in units.items():
        found.curves[unit] = {name: _packed(line, found, axes) for name, line in lines.items()}
    return found


def _buckets(lengths: Iterable[int]) -> int:
    """The most stretches with which all curves together have few enough points."""
    buckets, lengths = MOST_BUCKETS, list(lengths)
    while buckets > FEWEST_BUCKETS and sum(min(n, 3 * buckets) for n in lengths) > MOST_POINTS:
        buckets //= 2
    return buckets


def _packed(line: Line, found: Packed, axes: dict[bytes, int]) -> dict[str, Any]:
    finite = np.isfinite(line.value)
    odd, whole = line.at(~finite), line.at(finite)
    packed: dict[str, Any] = {"points": len(line.value), "odd": _odd(odd)}
    shown = whole
    if len(whole.value) > 2 * found.buckets:
        found.cut += 1
        kept, starts = extremes(whole.value, found.buckets)
        means = _means(whole, starts)
        packed["mean"] = {"axis": _axis(means, found, axes), "y": _short(means.value)}
        # The means are what one looks at in a group: its band has the extremes.
        shown = means if line.low is not None else whole.at(kept)
    packed |= {"axis": _axis(shown, found, axes), "y": _short(shown.value)}
    if shown.low is not None and shown.high is not None:
        packed |= {"low": _short(shown.low), "high": _short(shown.high)}
    return packed


def _means(line: Line, starts: np.ndarray) -> Line:
    """Each stretch's mean place and value, and the least and greatest of its band."""
    sizes = np.diff([*starts, len(line.step)])
    means = (np.add.reduceat(a, starts) / sizes for a in (line.step, line.epoch, line.time))
    value = np.add.reduceat(line.value, starts) / sizes
    if line.low is None or line.high is None:
        return Line(*means, value)
    low, high = np.minimum.reduceat(line.low, starts), np.maximum.reduceat(line.high, starts)
    return Line(*means, value, low, high)


def _axis(line: Line, found: Packed, axes: dict[bytes, int]) -> int:
    """The place of these points' axis, which is new if no curve had it yet."""
    key = b"".join(a.tobytes() for a in (line.step, line.epoch, line.time))
    if key not in axes:
        axes[key] = len(found.axes)
        x = {"step": _short(line.step, 12), "epoch": _short(line.epoch), "time": _short(line.time)}
        found.axes.append(x)
    return axes[key]


def _odd(line: Line) -> list[list[float | str]]:
    columns = (line.step, line.epoch, line.time, line.value)
    rows = zip(*(column[:ODD].tolist() for column in columns), strict=True)
    return [[step, epoch, time, _kind(value)] for step, epoch, time, value in rows]


def _kind(value: float) -> str:
    return "NaN" if value != value else "∞" if value > 0 else "−∞"


def _short(values: np.ndarray, digits: int = 7) -> list[float]:
    """Numbers with as many digits as a chart can show."""
    texts = (f"{value:.{digits}g}" for value in values.tolist())
    return [float(text) if "." in text or "e" in text else int(text) for text in texts]
