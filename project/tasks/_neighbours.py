"""A sample beside what is nearest to it, as a picture: framed green if right, red if wrong."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from project.tasks._canvas import WHITE
from project.values import Example

GREEN, RED = (30, 150, 60), (205, 40, 40)
SIDE, FRAME, GAP = 56, 4, 6  # pixels


class Neighbours(NamedTuple):
    """The nearest of a sample, nearest first.

    Attributes:
        indices: of the data set's samples, `(k,)` int64.
        distances: `(k,)` floating.
        examples: the samples themselves, once they were looked up.
    """

    indices: np.ndarray
    distances: np.ndarray
    examples: tuple[Example, ...] = ()


def beside(query: np.ndarray, images: Sequence[np.ndarray], right: Sequence[bool]) -> np.ndarray:
    """The query and its neighbours in a row, `(H, W, 3)` uint8.

    Args:
        query: `(H, W)` or `(H, W, 3)` uint8.
        images: likewise, nearest first.
        right: whether each is of the query's class.
    """
    parts = [_of_size(image) for image in (query, *images)]
    height = max(part.height for part in parts) + 2 * FRAME
    widths = [part.width + 2 * FRAME + GAP for part in parts]
    row = Image.new("RGB", (sum(widths) + GAP, height), WHITE)
    drawn, x = ImageDraw.Draw(row), 0
    for part, colour in zip(parts, (WHITE, *(GREEN if yes else RED for yes in right)), strict=True):
        ends = x + part.width + 2 * FRAME - 1, part.height + 2 * FRAME - 1
        drawn.rectangle((x, 0, *ends), colour)
        row.paste(part, (x + FRAME, FRAME))
        # More room behind the query.
        x += part.width + 2 * FRAME + GAP * (1 if x else 2)
    return np.asarray(row)


def _of_size(image: np.ndarray) -> Image.Image:
    """Large enough to be seen: small ones by whole numbers, unblurred."""
    found = Image.fromarray(image).convert("RGB")
    if found.height < SIDE:
        times = -(-SIDE // found.height)
        return found.resize((found.width * times, found.height * times), Image.Resampling.NEAREST)
    width = max(1, round(found.width * SIDE / found.height))
    return found.resize((width, SIDE), Image.Resampling.BOX)
