"""Figures of a classification test: a labelled confusion matrix, and a reliability diagram."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure

# Above, figures would not fit into their cells.
MAX_CLASSES_WITH_COUNTS = 20
# Above, names would be too small to read.
MAX_CLASSES_WITH_NAMES = 120
MAX_NAME = 24


def confusion_figure(
    confusion: np.ndarray, classes: Sequence[str], counted: str = "samples"
) -> Figure:
    """The confusion matrix, cells coloured by their share of the row and labelled by counts.

    Args:
        confusion: `(n_classes, n_classes)` counts; rows are true classes, columns predicted ones.
        classes: their names; long ones are shortened.
        counted: what the counts are of.
    """
    n_classes = len(classes)
    counts = np.asarray(confusion)
    totals = counts.sum(axis=1, keepdims=True)
    # A class that never occurs has no shares; its row stays blank.
    shares = np.divide(counts, totals, out=np.zeros(counts.shape), where=totals > 0)
    inches_per_class = 0.5 if n_classes <= MAX_CLASSES_WITH_COUNTS else 0.14
    side = float(np.clip(n_classes * inches_per_class, 3, 14))
    figure = Figure(figsize=(side + 2.2, side + 1.6), dpi=150, layout="constrained")
    axes = figure.add_subplot()
    # The square root, as most confusions have a small share.
    image = axes.imshow(shares, cmap="Blues", norm=PowerNorm(0.5, vmin=0, vmax=1))
    figure.colorbar(image, ax=axes, label="share of the true class", shrink=0.8)
    accuracy = np.trace(counts) / max(counts.sum(), 1)
    axes.set(xlabel="predicted", ylabel="true")
    axes.set_title(f"confusion matrix: accuracy {accuracy:.4f} on {counts.sum():,} {counted}")
    if n_classes <= MAX_CLASSES_WITH_NAMES:
        _name_classes(axes, classes, fontsize=9 if n_classes <= MAX_CLASSES_WITH_COUNTS else 6)
    if n_classes <= MAX_CLASSES_WITH_COUNTS:
        _write_counts(axes, counts, shares)
    return figure


def calibration_figure(bins: np.ndarray) -> Figure:
    """A reliability diagram: per bin of confidence, how often the prediction was right.

    Args:
        bins: `(n_bins, 3)` of equal bins of [0, 1]: number of samples whose confidence lies in the
            bin, their mean confidence and their accuracy, which are ignored where there are none.

    Source: Guo et al., "On Calibration of Modern Neural Networks", 2017; the title's expected
    calibration error is its equation 3.
    """
    count = bins[:, 0]
    used = np.flatnonzero(count)
    confidence, accuracy = bins[used, 1:].T
    error = np.sum(count[used] / count.sum() * np.abs(accuracy - confidence))
    edges, width = np.linspace(0, 1, len(bins) + 1)[:-1], 1 / len(bins)
    figure = Figure(figsize=(5, 6), dpi=150, layout="constrained")
    top, bottom = figure.subplots(2, sharex=True, height_ratios=(3, 1))
    style = {"width": width, "align": "edge", "edgecolor": "white"}
    top.bar(edges[used], accuracy, color="tab:blue", **style)
    top.plot([0, 1], [0, 1], "--", color="gray", label="perfect calibration")
    top.plot(confidence, accuracy, "o", color="black", markersize=3, label="mean confidence")
    top.set(ylabel="accuracy", xlim=(0, 1), ylim=(0, 1))
    top.set_title(f"calibration: expected calibration error {error:.4f}")
    top.legend(loc="upper left", fontsize=8)
    bottom.bar(edges, count, color="tab:gray", **style)
    # Confidences crowd near 1: on a linear scale the other bins would vanish.
    bottom.set_yscale("symlog", linthresh=1)
    bottom.set(xlabel="confidence", ylabel="samples", ylim=(0, None))
    return figure


def _name_classes(axes: Axes, classes: Sequence[str], fontsize: int) -> None:
    names = [_short(name) for name in classes]
    upright = all(len(name) <= 2 for name in names)
    ticks = range(len(names))
    # A name may hold dollar signs, which matplotlib would read as a formula.
    options = {"fontsize": fontsize, "parse_math": False}
    axes.set_xticks(ticks, names, rotation=0 if upright else 90, **options)
    axes.set_yticks(ticks, names, **options)


def _short(name: str) -> str:
    """Without its middle, as names tend to differ at either end."""
    return name if len(name) <= MAX_NAME else f"{name[:MAX_NAME - 12]}…{name[-11:]}"


def _write_counts(axes: Axes, counts: np.ndarray, shares: np.ndarray) -> None:
    fontsize = 9 if counts.max() < 1000 else 6
    for (row, column), value in np.ndenumerate(counts):
        if value:
            color = "white" if shares[row, column] > 0.3 else "black"
            axes.text(
                column, row, str(value), ha="center", va="center", color=color, fontsize=fontsize
            )
