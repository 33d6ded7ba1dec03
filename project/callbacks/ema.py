"""EMA: an exponential moving average of the weights is validated, kept as the best and tested."""

from typing import Any

from pytorch_lightning import LightningModule, Trainer
from torch.optim.swa_utils import get_ema_multi_avg_fn

from project.callbacks._averaging import Averaging
from project.hyperparameters import flag

CHANGES_SCORES = True


class Settings:
    ema_decay: float = flag(
        0.99, "what the average keeps of itself each step", bounds="[0, 1)", sweep="[0.9, 0.999]"
    )


class EMA(Averaging):
    """Averages each step: `decay * average + (1 - decay) * weights`."""

    def __init__(self, decay: float) -> None:
        told = f"an average of the weights of all steps (--callback ema, --ema-decay {decay:g})"
        super().__init__(told, multi_avg_fn=get_ema_multi_avg_fn(decay))

    def is_averaged(self, trainer: Trainer, solver: LightningModule) -> bool:
        return True


def build(hparams: Any) -> EMA:
    """With the decay of the flags."""
    return EMA(hparams.settings(__name__).ema_decay)
