"""Reports: what the task makes of an evaluation's tables and of its best and worst samples."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer

from project.run_directory import FIGURES, VALIDATION
from project.training.extremes import Ends
from project.training.saving import Checkpoints
from project.values import Example

# The part of the time that drawing takes while training goes on, at most; and what is taken for
# the time of a drawing before there was one, in seconds.
SHARE, FIRST = 0.02, 0.1


@dataclass(frozen=True)
class Pass:
    """An evaluation, and of what.

    Attributes:
        of: such as "test".
        tables: by name.
        ends: the best and worst samples.
    """

    split: str
    of: str
    tables: dict[str, Any]
    ends: Ends


@dataclass
class _Clock:
    """Says when it is time to draw again."""

    took: float = FIRST
    ended: float = field(default_factory=lambda: time.monotonic())

    @property
    def is_due(self) -> bool:
        return time.monotonic() - self.ended >= self.took / SHARE


class Reports(Callback):
    """Writes the test's `figures/`, and `figures/validation/`, in the first process.

    While training goes on, `figures/validation/` are those of the latest validation, but of none
    that comes earlier than fifty times the drawing's own time after the one before. Once training
    has ended, they are the best one's, whose weights are tested; of a run that went on without a
    better one the last one's. Each says of which epoch it is.

    Reads `task`, `step`, `tables` and `ends` of the solver.

    Args:
        directory: the run's.
        example: gives a sample of a split by its index of the data set.
        checkpoints: which know the best epoch so far; None: there is no training.
    """

    def __init__(
        self,
        directory: Path,
        example: Callable[[str, int], Example],
        checkpoints: Checkpoints | None = None,
    ) -> None:
        self.directory, self._example, self._checkpoints = directory, example, checkpoints
        self._clock = _Clock()
        self._latest: Pass | None = None
        self._best: Pass | None = None
        self._drawn: Pass | None = None

    def on_train_start(self, trainer: Trainer, solver: LightningModule) -> None:
        """Count the time from here."""
        self._clock = _Clock()

    def on_validation_end(self, trainer: Trainer, solver: LightningModule) -> None:
        """Keep what the pictures need, and draw them if it is time.

        Raises:
            OSError: as of the test.
        """
        if not trainer.is_global_zero:
            return
        of = f"validation after epoch {trainer.current_epoch + 1}, step {solver.step}"
        self._latest = Pass("val", of, solver.tables["val"], solver.ends["val"])
        best = self._checkpoints.best if self._checkpoints else None
        if best and best["step"] == solver.step:
            self._best = self._latest
        if self._clock.is_due:
            self._draw(solver, self._latest)

    def on_train_end(self, trainer: Trainer, solver: LightningModule) -> None:
        """Draw the best validation, or the last one, unless it was drawn last.

        Raises:
            OSError: as of the test.
        """
        if found := self._best or self._latest:
            self._draw(solver, found)

    def on_test_end(self, trainer: Trainer, solver: LightningModule) -> None:
        """Let the task write its figures.

        Raises:
            OSError: the directory can't be written or the disk is full; nothing is left half
            written.
        """
        if trainer.is_global_zero:
            self._draw(solver, Pass("test", "test", solver.tables["test"], solver.ends["test"]))

    def _draw(self, solver: LightningModule, found: Pass) -> None:
        if found is self._drawn:
            return
        began = time.monotonic()
        folder = self.directory / FIGURES
        folder = folder if found.split == "test" else folder / VALIDATION
        folder.mkdir(parents=True, exist_ok=True)
        solver.task.report(found.tables, folder, found.of)
        for end, extremes in found.ends._asdict().items():
            if extremes:
                seen = [self._example(found.split, extreme.index) for extreme in extremes]
                example = partial(self._example, found.split)
                kept = [solver.task.restored(extreme.kept) for extreme in extremes]
                said = [solver.task.looked_up(each, example) for each in kept]
                title = f"{found.of}: {end} {len(seen)}, {end} first"
                title = [title, *filter(None, [solver.task.drawn])]
                path = folder / f"examples_{end}.png"
                solver.task.show(list(zip(seen, said, strict=True)), title, path)
        self._drawn = found
        self._clock = _Clock(time.monotonic() - began)
