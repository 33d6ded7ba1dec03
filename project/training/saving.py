"""When checkpoints are written: `best.pt` by the monitored metric; `last.pt`, to go on from."""

import math
import time
from pathlib import Path
from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer

from project.cli.command import describe, print_error
from project.run_directory import BEST, LAST
from project.scores import improves
from project.training.checkpoint_writer import CheckpointWriter
from project.training.hooks import states
from project.training.inheritance import Inheritance
from project.training.state import Position, capture, restore

# Between two writes, where epochs are shorter: those of small models are over in milliseconds, and
# a thread that writes all the time takes half of a small machine from training.
LEAST_SECONDS = 1.0


class Checkpoints(Callback):
    """Writes `last.pt` after epochs and in between, and with it `best.pt` of the best so far.

    Args:
        directory: where the files go; only the first process needs to know.
        monitor: name of a validation score, such as `val_loss`.
        better: which of its values are, `min` or `max`.
        every: seconds between writes inside an epoch.
        describe: what a checkpoint says of itself, see `state.describe`.
        state: a `last.pt` as loaded, to go on from.
        inherited: what a new run takes over from the parent whose `state` that is.

    Attributes:
        best: epoch, step, monitor, value and all validation scores of the best epoch so far, and
            `average` where it was of an average of the weights.
    """

    def __init__(
        self,
        directory: Path | None,
        monitor: str,
        better: str,
        every: float,
        describe: dict[str, Any],
        state: dict[str, Any] | None = None,
        inherited: Inheritance | None = None,
    ) -> None:
        self.directory, self.monitor, self.better = directory, monitor, better
        self.every, self.describe = every, describe
        self.best: dict[str, Any] | None = state["best"] if state else None
        if inherited is not None:
            self.best = inherited.best
        self._resumed_from, self._inherited = state, inherited
        self._written = -math.inf
        self._unwritten: Position | None = None
        self._best_is_new = False
        self._writer: CheckpointWriter | None = None  # the first process has one

    def setup(self, trainer: Trainer, solver: LightningModule, stage: str) -> None:
        """Make the folder, and tell the other processes where it is."""
        self.directory = trainer.strategy.broadcast(self.directory)
        if trainer.is_global_zero:
            self.directory.mkdir(exist_ok=True)
            # The log must reach as far as the checkpoint: a run that is killed does not log the
            # steps before it again. And `last.pt` must not name a best that isn't on the disk.
            paths = (self.directory / BEST, self.directory / LAST)
            self._writer = CheckpointWriter(paths, trainer.logger.flush)

    def on_train_start(self, trainer: Trainer, solver: LightningModule) -> None:
        """Put the loaded state in place, now that the optimizer exists."""
        if self._resumed_from is not None:
            restore(solver, self._resumed_from)
            self._resumed_from = None
            self._write_inherited(trainer, solver)
        states(trainer.callbacks)  # what can't be kept is told now
        self._began = time.monotonic()

    def on_train_batch_end(
        self, trainer: Trainer, solver: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Write when the time has come."""
        if self._is_due(trainer, max(self._began, self._written) + self.every):
            self.save_last(trainer, solver)

    def on_validation_end(self, trainer: Trainer, solver: LightningModule) -> None:
        """Note whether the monitored score is the best so far."""
        value, is_average = solver.scores[self.monitor], solver.evaluated is not solver.model
        # Once there is an average, which is to be tested, the weights before it compete no more.
        competes = self.best is not None and (not is_average or self._is_of_average(self.best))
        if competes and not improves(self.better, value, self.best["value"]):
            return
        scores = {k: v for k, v in solver.scores.items() if k.startswith("val_")}
        self.best = {
            "epoch": trainer.current_epoch,
            "step": solver.step,
            "monitor": self.monitor,
            "value": value,
            "metrics": scores,
        }
        self.best |= {"average": True} if is_average else {}
        self._best_is_new = True

    @staticmethod
    def _is_of_average(best: dict[str, Any]) -> bool:
        """Whether an average was the best, or another run's weights, whatever they were."""
        return "average" in best or "run_id" in best

    def on_train_epoch_end(self, trainer: Trainer, solver: LightningModule) -> None:
        """Keep a new best, and write where the next epoch starts unless a write was just now."""
        self._unwritten = Position.after_epoch(solver)
        if self._is_due(trainer, self._written + min(self.every, LEAST_SECONDS)):
            self._write(trainer, solver, self._unwritten)
        elif self._best_is_new:
            self._keep(trainer, self._new_best(solver.evaluated.state_dict()))

    def on_train_end(self, trainer: Trainer, solver: LightningModule) -> None:
        """Write the end, and wait until it is on the disk, for every process reads the best."""
        if self._unwritten is not None:
            self._write(trainer, solver, self._unwritten)
        self.wait()
        trainer.strategy.barrier()

    def on_exception(
        self, trainer: Trainer, solver: LightningModule, exception: BaseException
    ) -> None:
        """Wait, so that what is there stays as it is from now on."""
        try:
            self.wait()
        except Exception as error:
            # The run ends for another reason, or for this one, which is then told anyway.
            if describe(error) != describe(exception):
                print_error(error)

    def wait(self) -> None:
        """Return once all that was kept is on the disk.

        Raises:
            OSError: it could not be written.
        """
        if self._writer is not None:
            self._writer.wait()

    def save_last(self, trainer: Trainer, solver: LightningModule) -> None:
        """Write at the present step; every process must call it."""
        self._write(trainer, solver, Position.within(solver))

    def _is_due(self, trainer: Trainer, moment: float) -> bool:
        # Each process has its own clock; the writing gathers from all of them, so all must agree.
        due = time.monotonic() >= moment
        if trainer.world_size > 1:
            due = trainer.strategy.reduce_boolean_decision(due, all=False)
        return due

    def _write(self, trainer: Trainer, solver: LightningModule, position: Position) -> None:
        state = capture(solver, position)
        # With its weights in both, they are copied once.
        same = solver.evaluated is solver.model
        best = state["model"] if same else solver.evaluated.state_dict()
        self._keep(trainer, {LAST: state} | self._new_best(best))
        if trainer.is_global_zero:
            self._writer.write()
        self._written, self._unwritten = time.monotonic(), None

    def _write_inherited(self, trainer: Trainer, solver: LightningModule) -> None:
        """From its first step on, a new run needs nothing of its parent any more."""
        if self._inherited is None:
            return
        if (weights := self._inherited.best_weights) is not None:
            self._keep(trainer, {BEST: {"model": weights}})
        self.save_last(trainer, solver)
        self._inherited = None

    def _new_best(self, weights: dict[str, Any]) -> dict[str, dict[str, Any]]:
        is_new, self._best_is_new = self._best_is_new, False
        return {BEST: {"model": weights}} if is_new else {}

    def _keep(self, trainer: Trainer, states: dict[str, dict[str, Any]]) -> None:
        if trainer.is_global_zero:
            shared = {"best": self.best} | self.describe
            named = {self.directory / name: state | shared for name, state in states.items()}
            self._writer.keep(named)
