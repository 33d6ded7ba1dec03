"""A callback that hears the loss of each optimizer step, of which the solver tells by blocks."""

from collections.abc import Callable
from typing import Any

from pytorch_lightning import LightningModule, Trainer
from torch import Tensor

from project.training.hooks import StepCallback
from project.values import Loss


class Listening(StepCallback):
    """Puts itself around the loss that each step calls; nothing is changed.

    Attributes:
        sums: of the losses of the samples since `heard` was called last, a `()` tensor for each
            part of the batch.
        n_samples: how many samples there have been.
    """

    def __init__(self) -> None:
        self.sums: list[Tensor] = []
        self.n_samples = 0
        self._begun = False

    def on_train_epoch_start(self, trainer: Trainer, solver: LightningModule) -> None:
        """Begin to listen; there is a step by then."""
        if not self._begun:
            self._begun = True
            solver.optimization.loss = self._heard(solver.optimization.loss)

    def _heard(self, loss: Callable[..., Any]) -> Callable[..., Any]:
        def listened(*given: Any) -> Any:
            losses = loss(*given)
            total = Loss.of(losses).total.detach()
            self.sums.append(total.sum())
            self.n_samples += len(total)
            return losses

        return listened
