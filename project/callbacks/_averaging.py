"""Averages of the weights, by torch's `AveragedModel`, that are evaluated in their place."""

import copy
import sys
from collections.abc import Iterator
from typing import Any

from pytorch_lightning import LightningModule, Trainer
from torch import Tensor
from torch.optim.swa_utils import AveragedModel

from project.run_directory import BEST
from project.training import generators
from project.training.hooks import StepCallback
from project.training.statistics import has_statistics, renew_statistics


class Averaging(StepCallback):
    """Validates, keeps in `best.pt` and tests an average of the weights; training is as without it.

    Before the first step that is averaged, these are the weights themselves. Buffers are the latest
    ones, as torch has it, but for batch norms' statistics where `renew_statistics` asks for them.

    Args:
        renew_statistics: whether batch norms' statistics are computed anew, over the training
            split, before each validation.
        told: what the average is, for people.
        settings: of `AveragedModel`.
    """

    def __init__(self, told: str, *, renew_statistics: bool = False, **settings: Any) -> None:
        self._told, self._settings, self._renew = told, settings, renew_statistics
        self._average: AveragedModel | None = None

    def is_averaged(self, trainer: Trainer, solver: LightningModule) -> bool:
        """Whether the weights after the present step count in the average."""
        raise NotImplementedError

    def on_fit_start(self, trainer: Trainer, solver: LightningModule) -> None:
        """Make the average, whose state is put back before training begins."""
        self._average = AveragedModel(solver.model, **self._settings).eval()
        self._average.requires_grad_(False)

    def on_train_start(self, trainer: Trainer, solver: LightningModule) -> None:
        """Say what will be evaluated."""
        self._show(solver)
        if trainer.is_global_zero:
            print(f"validation, {BEST} and the test are of {self._told}", file=sys.stderr)

    def on_after_optimizer_step(self, trainer: Trainer, solver: LightningModule) -> None:
        if self.is_averaged(trainer, solver):
            self._average.update_parameters(solver.model)
            self._show(solver)

    def on_validation_start(self, trainer: Trainer, solver: LightningModule) -> None:
        """Let the average's batch norms see the training split of this epoch."""
        if self._renew and self._average.n_averaged > 0 and has_statistics(self._average):
            # Of its own, so that training's goes on where it is.
            loader = copy.copy(trainer.train_dataloader)
            loader.seek(trainer.current_epoch)
            with generators.untouched(), trainer.precision_plugin.forward_context():
                renew_statistics(self._average, _inputs(loader))

    def on_train_end(self, trainer: Trainer, solver: LightningModule) -> None:
        """The test takes the best weights from their file."""
        solver.evaluate(solver.model)

    def state_dict(self) -> dict[str, Any]:
        return self._average.state_dict() if self._average is not None else {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self._average.load_state_dict(state_dict)

    def _show(self, solver: LightningModule) -> None:
        if self._average.n_averaged > 0:
            solver.evaluate(self._average.module)


def _inputs(loader: Any) -> Iterator[Tensor]:
    return (batch.images for block in loader for batch in block)
