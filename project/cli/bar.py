"""The progress bar on a terminal."""

import sys
from collections.abc import Iterable

from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text


class Bar(Progress):
    """A line with the bar, and below it one with the scores; drawn only when told to.

    Args:
        step: steps done before, which say nothing of the speed.
        total_steps: steps at which the bar is full; None if that isn't known, for a bar that only
            shows the time and is gone at the end.
    """

    def __init__(self, step: int = 0, total_steps: int | None = None) -> None:
        self._scores = ""
        columns = [TextColumn("{task.description}"), BarColumn()]
        if total_steps is not None:
            columns += [MofNCompleteColumn(), TextColumn("steps"), TimeRemainingColumn()]
        columns.append(TimeElapsedColumn())
        super().__init__(
            *columns,
            console=Console(file=sys.stderr),
            # A thread that draws would take time from training at any moment.
            auto_refresh=False,
            transient=total_steps is None,
        )
        self._task = self.add_task("", completed=step, total=total_steps)
        self.start()

    def draw(self, heading: str, step: int, scores: str) -> None:
        """Show `heading`, the bar at `step`, and `scores` below."""
        self._scores = scores
        self.update(self._task, description=heading, completed=step, refresh=True)

    def close(self) -> None:
        """Leave the last drawing and give the terminal back."""
        self.stop()

    def get_renderables(self) -> Iterable[RenderableType]:
        """What rich draws: the bar's line and the scores'."""
        yield from super().get_renderables()
        if self._scores:
            yield Text(self._scores, style="cyan", overflow="ellipsis", no_wrap=True)
