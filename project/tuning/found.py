"""What an action has found, and what is to be told and drawn of it."""

from collections.abc import Sequence
from typing import Any, NamedTuple


class Series(NamedTuple):
    """A curve of the picture.

    Attributes:
        label: for the legend.
        x: ascending.
        y: as many.
        faint: whether it stands behind the others.
    """

    label: str
    x: Sequence[float]
    y: Sequence[float]
    faint: bool = False


class Chart(NamedTuple):
    """What the picture shows.

    Attributes:
        title: what was tried.
        x, y: what stands at the axes, with the units.
        series: the curves.
        mark: the x that was found, with its label; None: nothing was.
        log: base of the logarithm that the x axis is drawn by; None: it is linear.
        ticks: where the x axis has numbers; none: where they are round.
    """

    title: str
    x: str
    y: str
    series: Sequence[Series]
    mark: tuple[float, str] | None
    log: int | None = None
    ticks: Sequence[float] = ()


class Found(NamedTuple):
    """What one action has found.

    Attributes:
        value: of the flag; None: nothing can be suggested.
        lines: what is to be said, a sentence each.
        columns: of the table.
        rows: of the table; None stands for what was not measured.
        chart: of the picture; None: there is nothing to draw.
    """

    value: str | None
    lines: Sequence[str]
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[Any]] = ()
    chart: Chart | None = None
