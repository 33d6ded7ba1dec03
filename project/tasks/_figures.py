"""Figures of a pass: the labelled confusion matrix, and what a model says of its own certainty."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from project.tasks._canvas import (
    BLACK,
    BLUE,
    GREY,
    ORANGE,
    PALE,
    WHITE,
    blank,
    font,
    shortened,
    upward,
)

# Above, figures would not fit into their cells.
MAX_CLASSES_WITH_COUNTS = 20
# Above, names would be too small to read.
MAX_CLASSES_WITH_NAMES = 120
MOST_PIXELS = 1400  # a side of the matrix
CELL, SMALL_CELL = 46, 18
# From white to dark blue, as ColorBrewer's "Blues".
BLUES = np.array([[255, 255, 255], [198, 219, 239], [107, 174, 214], [33, 113, 181], [8, 48, 107]])
TITLE, LABEL, SMALL = 15, 13, 10  # sizes of letters
# A plot's area, and what stands left of it and above.
SIDE, LEFT, TOP, COUNTS = 400, 70, 84, 100


def confusion_picture(
    confusion: np.ndarray, classes: Sequence[str], of: str, counted: str = "samples"
) -> Image.Image:
    """The confusion matrix, cells coloured by their share of the row and labelled by counts.

    Args:
        confusion: `(n_classes, n_classes)` counts; rows are true classes, columns predicted ones.
        classes: their names; long ones are shortened.
        of: what was evaluated.
        counted: what the counts are of.
    """
    counts, n = np.asarray(confusion), len(classes)
    shares = row_shares(counts)
    cell = CELL if n <= MAX_CLASSES_WITH_COUNTS else max(1, min(SMALL_CELL, MOST_PIXELS // n))
    size = LABEL if n <= MAX_CLASSES_WITH_COUNTS else min(SMALL, cell)
    names = [shortened(name) for name in classes] if n <= MAX_CLASSES_WITH_NAMES else []
    upright = all(len(name) <= 2 for name in names)
    widest = round(max((font(size).getlength(name) for name in names), default=0))
    left, side = widest + 44, n * cell
    below = (size + 8 if upright else widest + 10) + 30
    title = [of, f"confusion matrix: accuracy {accuracy(counts):.4f} on {counts.sum():,} {counted}"]
    title.append("colour: share of the true class")
    width = max(left + side + 20, round(max(map(font(TITLE).getlength, title))) + 28)
    image, draw = blank(width, TOP + side + below)
    _head(draw, title)
    top = TOP
    # The square root, as most confusions have a small share.
    cells = _blue(np.sqrt(shares)).repeat(cell, 0).repeat(cell, 1)
    image.paste(Image.fromarray(cells), (left, top))
    draw.rectangle((left - 1, top - 1, left + side, top + side), outline=GREY)
    for i, name in enumerate(names):
        middle = round((i + 0.5) * cell)
        draw.text((left - 6, top + middle), name, BLACK, font(size), anchor="rm")
        if upright:
            at = (left + middle, top + side + 6)
            draw.text(at, name, BLACK, font(size), anchor="ma")
        else:
            upward(image, (left + middle, top + side + 6), name, size)
    draw.text((left + side // 2, top + side + below - 24), "predicted", BLACK, font(LABEL), "ma")
    upward(image, (14, top + side // 2 - 12), "true", LABEL)
    if n <= MAX_CLASSES_WITH_COUNTS:
        _write_counts(draw, counts, shares, (left, top))
    return image


def row_shares(counts: np.ndarray) -> np.ndarray:
    """Each cell's part of its row; a class that never occurs has none, and its row stays blank."""
    totals = counts.sum(axis=1, keepdims=True)
    return np.divide(counts, totals, out=np.zeros(counts.shape), where=totals > 0)


def accuracy(counts: np.ndarray) -> float:
    """The share of the diagonal."""
    return np.trace(counts) / max(counts.sum(), 1)


class Certainty(NamedTuple):
    """What is said of certainty, and what came true.

    Attributes:
        name: of the figure.
        error: what the gap between the two is called.
        said: the horizontal axis, of which there are bins.
        true: the vertical axis.
    """

    name: str
    error: str
    said: str
    true: str


# Guo et al., "On Calibration of Modern Neural Networks", 2017: the error is its equation 3.
CALIBRATION = Certainty("calibration", "expected calibration error", "confidence", "accuracy")
# Laves et al., "Well-calibrated Model Uncertainty with Temperature Scaling", 2020.
UNCERTAINTY = Certainty("error against entropy", "uce", "entropy", "error rate")


def certainty_title(bins: np.ndarray, kind: Certainty) -> str:
    """The figure's name with its error, the gaps of bins weighted by samples, and the mean."""
    used = bins[bins[:, 0] > 0]
    shares = used[:, 0] / max(used[:, 0].sum(), 1)
    gap, mean = shares @ np.abs(used[:, 2] - used[:, 1]), shares @ used[:, 1]
    return f"{kind.name}: {kind.error} {gap:.4f}, mean {kind.said} {mean:.4f}"


def certainty_picture(
    bins: np.ndarray, kind: Certainty, of: str, counted: str = "samples"
) -> Image.Image:
    """Per bin of what is said how often it came true, and below how many samples it has.

    Args:
        bins: `(n_bins, 3)` of equal bins of [0, 1]: number of samples, mean of what was said and of
            what came true, both of which are ignored where there are none.
        kind: calibration or uncertainty.
        of: what was evaluated.
        counted: what the counts are of.
    """
    title = [of, certainty_title(bins, kind)]
    width = max(LEFT + SIDE + 30, round(max(map(font(TITLE).getlength, title))) + 28)
    image, draw = blank(width, TOP + SIDE + 24 + COUNTS + 56)
    _head(draw, title)
    _axes(draw, kind)
    edges = LEFT + np.linspace(0, SIDE, len(bins) + 1).round().astype(int)
    bottom = TOP + SIDE
    floor = bottom + 24 + COUNTS
    for i in np.flatnonzero(bins[:, 0]).tolist():
        count, said, true = bins[i].tolist()
        sides = edges[i] + 1, edges[i + 1] - 1
        draw.rectangle((sides[0], bottom - round(true * SIDE), sides[1], bottom), BLUE)
        # Confidences crowd near 1: on a linear scale the other bins would vanish.
        height = round(np.log1p(count) / np.log1p(bins[:, 0].max()) * COUNTS)
        draw.rectangle((sides[0], floor - height, sides[1], floor), GREY)
    _ideal(draw, bins)
    draw.line((LEFT, floor, LEFT + SIDE, floor), BLACK)
    most = short_count(int(bins[:, 0].max()))
    draw.text((LEFT - 6, floor - COUNTS), most, GREY, font(SMALL), anchor="rm")
    draw.text((LEFT - 6, floor), "0", GREY, font(SMALL), anchor="rm")
    for i in range(6):
        x = LEFT + SIDE * i // 5
        draw.text((x, floor + 6), f"{i / 5:.1f}", BLACK, font(SMALL + 1), anchor="ma")
    draw.text((LEFT + SIDE // 2, floor + 26), kind.said, BLACK, font(LABEL), anchor="ma")
    upward(image, (18, floor - COUNTS), f"{counted} (log)", LABEL)
    upward(image, (18, TOP + SIDE // 2 - 30), kind.true, LABEL)
    return image


def _head(draw: ImageDraw.ImageDraw, lines: Sequence[str]) -> None:
    for i, line in enumerate(lines):
        size, colour = (LABEL, GREY) if i == 2 else (TITLE, BLACK)
        draw.text((14, 10 + 24 * i), line, colour, font(size))


def _axes(draw: ImageDraw.ImageDraw, kind: Certainty) -> None:
    """The square of [0, 1] by [0, 1], with its grid."""
    for i in range(6):
        y = TOP + SIDE - SIDE * i // 5
        draw.line((LEFT, y, LEFT + SIDE, y), PALE)
        draw.text((LEFT - 6, y), f"{i / 5:.1f}", BLACK, font(SMALL + 1), anchor="rm")
    draw.rectangle((LEFT, TOP, LEFT + SIDE, TOP + SIDE), outline=GREY)


def _ideal(draw: ImageDraw.ImageDraw, bins: np.ndarray) -> None:
    """A dashed line where what is said comes true, and a point on it for each bin's mean."""
    bottom = TOP + SIDE
    for at in range(0, SIDE, 16):
        draw.line((LEFT + at, bottom - at, LEFT + at + 8, bottom - at - 8), GREY, 2)
    for count, said, true in bins.tolist():
        if count:
            x, y = LEFT + said * SIDE, bottom - true * SIDE
            draw.line((x, y, x, bottom - said * SIDE), ORANGE, 2)
            draw.ellipse((x - 3, y - 3, x + 3, y + 3), ORANGE)
    draw.text((14, 58), "- -  as it should be", GREY, font(LABEL))
    draw.text((160, 58), "●  mean of a bin", ORANGE, font(LABEL))


def _blue(values: np.ndarray) -> np.ndarray:
    """Colours `(..., 3)` uint8 of values in [0, 1]."""
    at = np.linspace(0, 1, len(BLUES))
    return np.stack([np.interp(values, at, BLUES[:, i]) for i in range(3)], -1).astype(np.uint8)


def _write_counts(
    draw: ImageDraw.ImageDraw, counts: np.ndarray, shares: np.ndarray, corner: tuple[int, int]
) -> None:
    for row, column in np.argwhere(counts).tolist():
        value = int(counts[row, column])
        colour = WHITE if shares[row, column] > 0.3 else BLACK
        at = [corner[0] + (column + 0.5) * CELL, corner[1] + (row + 0.5) * CELL]
        size = LABEL if value < 1000 else SMALL + 1
        draw.text(at, short_count(value), colour, font(size), anchor="mm")


def short_count(value: int) -> str:
    """At most five letters: 12345, 123k, 1.23M."""
    if value < 100_000:
        return str(value)
    return f"{value / 1e3:.0f}k" if value < 999_500 else f"{value / 1e6:.3g}M"
