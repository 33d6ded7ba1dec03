"""What a person is told of classes, by the kind of targets: of samples, or of masks' pixels."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from project.cli.classes import Found, Row, told_absent, told_counts
from project.cli.pixels import not_scored, told_pixels, told_without_pixels


class Told(NamedTuple):
    """How classes of one kind of targets are told.

    Attributes:
        counts: lines of how many there are, from the record's `data`.
        absent: lines of those that a split lacks, likewise.
        unscored: rows of the table at the end, of what no score is of.
    """

    counts: Callable[[Mapping[str, Any]], Iterator[str]]
    absent: Callable[[Mapping[str, Any]], Iterator[str]]
    unscored: Callable[[Sequence[str], Found], list[Row]]


_OF_SAMPLES = Told(told_counts, told_absent, lambda classes, found: [])
_OF_PIXELS = Told(told_pixels, told_without_pixels, not_scored)


def told_of(kind: str) -> Told:
    """How classes of this kind of targets are told; unknown kinds as samples."""
    return {"masks": _OF_PIXELS}.get(kind, _OF_SAMPLES)
