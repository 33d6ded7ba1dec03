"""What a recipe is told of a data set before one of its images is read."""

from typing import NamedTuple


class Images(NamedTuple):
    """What is known of a data set's images before one is read.

    Attributes:
        kind: what is true of them: "labels" or "masks".
        shape: `(channels, height, width)`.
        has_levels: whether pixels are levels from 0 to 255, and not any numbers.
    """

    kind: str
    shape: tuple[int, int, int]
    has_levels: bool
