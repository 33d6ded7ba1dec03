"""SWA: the mean of the weights after each of the last epochs is validated, kept and tested."""

from typing import Any

from pytorch_lightning import LightningModule, Trainer

from project.callbacks._averaging import Averaging
from project.hyperparameters import flag

CHANGES_SCORES = True


class Settings:
    swa_from: float = flag(
        0.75, "share of all steps after which epochs are averaged", bounds="[0, 1)"
    )


class SWA(Averaging):
    """Stochastic weight averaging (Izmailov et al. 2018, https://arxiv.org/abs/1803.05407).

    Batch norms' statistics are those of the mean's own activations.
    """

    def __init__(self, begins: float) -> None:
        told = "the mean of the weights after the epochs from --swa-from on (--callback swa,"
        super().__init__(f"{told} --swa-from {begins:g})", renew_statistics=True)
        self._begins = begins

    def is_averaged(self, trainer: Trainer, solver: LightningModule) -> bool:
        last = solver.step == solver.total_steps
        ends = last or solver.step_in_epoch == trainer.train_dataloader.steps
        return ends and solver.step >= self._begins * solver.total_steps


def build(hparams: Any) -> SWA:
    """From the flags' share of the steps on."""
    return SWA(hparams.settings(__name__).swa_from)
