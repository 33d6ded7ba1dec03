"""Samples side by side, each with its caption, as one picture."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image

from project.tasks._canvas import BLACK, GREY, PALE, blank, fitted, font

# Pixels a side of a square image, about; small ones are enlarged by whole numbers, unblurred.
SHORTEST, LONGEST = 96, 192
PORTRAIT, NARROWEST = 256, 200  # of a picture alone: its longer side, and what it stands on
MOST_WIDE = 720  # of what is drawn of one sample
ACROSS = 900  # of all
GAP, LINE, TITLE, LABEL = 12, 16, 15, 12
Colour = tuple[int, int, int]


class Tile(NamedTuple):
    """One sample.

    Attributes:
        image: `(H, W, 3)` uint8.
        lines: what stands below.
    """

    image: np.ndarray
    lines: Sequence[str]


def gallery(
    tiles: Sequence[Tile], title: Sequence[str], legend: Sequence[tuple[str, Colour]] = ()
) -> Image.Image:
    """All in rows, below a title.

    Args:
        tiles: the first comes first.
        title: its lines.
        legend: what colours stand for.
    """
    images = [scaled(tile.image) for tile in tiles]
    width = max((image.width for image in images), default=0)
    height = max((image.height for image in images), default=0)
    written = LINE * max((len(tile.lines) for tile in tiles), default=0)
    columns = max(1, min(_even(len(tiles)), (ACROSS - GAP) // (max(width, 1) + GAP)))
    rows = math.ceil(len(tiles) / columns)
    across = max(GAP + columns * (width + GAP), 28 + round(max(map(font(TITLE).getlength, title))))
    keys, below = _placed(legend, across)
    top = 14 + 22 * len(title) + below
    image, draw = blank(across, top + rows * (height + written + GAP) + GAP)
    for i, line in enumerate(title):
        draw.text((GAP, 10 + 22 * i), line, BLACK if i == 0 else GREY, font(TITLE - 2 * (i > 0)))
    for (name, colour), (x, y) in zip(legend, keys, strict=True):
        y += 14 + 22 * len(title)
        draw.rectangle((x, y, x + 12, y + 12), colour, outline=GREY)
        draw.text((x + 18, y + 6), name, BLACK, font(LABEL), anchor="lm")
    for i, (part, tile) in enumerate(zip(images, tiles, strict=True)):
        x = GAP + i % columns * (width + GAP)
        y = top + i // columns * (height + written + GAP)
        draw.rectangle((x - 1, y - 1, x + part.width, y + part.height), outline=PALE)
        image.paste(part, (x, y))
        for j, line in enumerate(tile.lines):
            at, colour = (x, y + part.height + 2 + LINE * j), GREY if j == 0 else BLACK
            draw.text(at, fitted(line, LABEL, width), colour, font(LABEL))
    return image


def portrait(
    image: np.ndarray, lines: Sequence[str], legend: Sequence[tuple[str, Colour]] = ()
) -> Image.Image:
    """One picture, with what stands below it.

    Args:
        image: `(H, W, 3)` uint8; a small one is enlarged by whole numbers, unblurred.
        lines: the first is the heading.
        legend: what colours stand for.
    """
    found = Image.fromarray(image)
    times = max(1, math.ceil(PORTRAIT / max(found.size)))
    found = found.resize((found.width * times, found.height * times), Image.Resampling.NEAREST)
    across = max(found.width, NARROWEST)
    keys, below = _placed(legend, across)
    page, draw = blank(across, found.height + LINE * len(lines) + below + GAP)
    page.paste(found, ((across - found.width) // 2, 0))
    for i, line in enumerate(lines):
        at, colour = (GAP // 2, found.height + 2 + LINE * i), GREY if i == 0 else BLACK
        draw.text(at, fitted(line, LABEL, across - GAP), colour, font(LABEL))
    for (name, colour), (x, y) in zip(legend, keys, strict=True):
        y += found.height + LINE * len(lines) + 4
        draw.rectangle((x, y, x + 12, y + 12), colour, outline=GREY)
        draw.text((x + 18, y + 6), name, BLACK, font(LABEL), anchor="lm")
    return page


def scaled(image: np.ndarray) -> Image.Image:
    """At a size that can be looked at, in its proportions."""
    found = Image.fromarray(image)
    width, height = found.size
    if height < SHORTEST and width < SHORTEST * 4:
        times = min(math.ceil(SHORTEST / height), max(1, MOST_WIDE // width))
        return found.resize((width * times, height * times), Image.Resampling.NEAREST)
    share = min(1, LONGEST / height, MOST_WIDE / width)
    size = max(1, round(width * share)), max(1, round(height * share))
    return found if share == 1 else found.resize(size, Image.Resampling.BOX)


def _even(n: int) -> int:
    """Columns that make a square, about, without a row that has little in it."""
    return min(
        range(max(1, math.ceil(math.sqrt(n))), n + 1), key=lambda k: -n % k + k / 4, default=1
    )


def _placed(legend: Sequence[tuple[str, Colour]], across: int) -> tuple[list[tuple[int, int]], int]:
    """Where each key of the legend stands, and the height of all."""
    places, x, y = [], GAP, 0
    for name, _ in legend:
        length = 36 + round(font(LABEL).getlength(name))
        if x > GAP and x + length > across:
            x, y = GAP, y + 20
        places.append((x, y))
        x += length
    return places, y + 24 if legend else 0
