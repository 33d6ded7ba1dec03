"""The progress bar on a terminal: below the lines that stay, and gone at its end."""

import sys
from collections.abc import Iterable

from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Column
from rich.text import Text

NARROW = 66  # a terminal of fewer columns has no room for all


class Bar(Progress):
    """A line with the bar, and below it one with the scores; drawn only when told to.

    Args:
        step: steps done before, which say nothing of the speed.
        total_steps: steps at which the bar is full; None if that isn't known, for a bar that only
            shows the time.
    """

    def __init__(self, step: int = 0, total_steps: int | None = None) -> None:
        self._scores = ""
        console = Console(file=sys.stderr)
        super().__init__(
            *_columns(console.width, total_steps is not None),
            console=console,
            # A thread that draws would take time from training at any moment.
            auto_refresh=False,
            transient=True,
        )
        self._task = self.add_task("", completed=step, total=total_steps)
        self.start()

    @property
    def width(self) -> int:
        """Characters in a line of the terminal."""
        return self.console.width

    def draw(self, heading: str, step: int, scores: str) -> None:
        """Show `heading`, the bar at `step`, and `scores` below."""
        self._scores = scores
        self.update(self._task, description=heading, completed=step, refresh=True)

    def leave(self, line: str, style: str = "") -> None:
        """Print a line that stays, above the bar."""
        self.console.print(Text(line, style), soft_wrap=True)

    def close(self) -> None:
        """Take the bar away and give the terminal back."""
        self.stop()

    def get_renderables(self) -> Iterable[RenderableType]:
        """What rich draws: the bar's line and the scores'."""
        yield from super().get_renderables()
        if self._scores:
            yield Text(self._scores, style="cyan", overflow="ellipsis", no_wrap=True)


def _columns(width: int, counts: bool) -> list[ProgressColumn]:
    whole = Column(no_wrap=True, overflow="ellipsis")
    heading = TextColumn("{task.description}", table_column=whole)
    if width < NARROW:
        return [heading, BarColumn(max(4, width // 4)), TimeElapsedColumn()]
    columns: list[ProgressColumn] = [heading, BarColumn(width // 4)]
    if counts:
        columns += [MofNCompleteColumn(), TextColumn("steps"), TimeRemainingColumn()]
    return [*columns, TimeElapsedColumn()]
