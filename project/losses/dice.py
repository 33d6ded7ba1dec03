"""Dice loss: 1 minus the smoothed overlap of a picture's prediction with its mask."""

from collections.abc import Callable
from typing import Any

from torch import Tensor, arange

from project.hyperparameters import flag
from project.losses._pixels import known

TASKS = ("segmentation",)
# Added above and below the fraction, in pixels: a class that is neither there nor predicted is
# right, and has a gradient.
SMOOTH = 1


class Settings:
    dice_beta: float = flag(
        1.0,
        "beta of the dice loss: above 1 what is missed counts more than what is found falsely",
        bounds="(0, 1000]",
        sweep="log [0.25, 4]",
    )


def build(hparams: Any) -> Callable[[Tensor, Tensor], Tensor]:
    """Dice loss of each picture: of the foreground where there are two classes, else their mean.

    Logits `(batch, n_classes, height, width)` and masks `(batch, height, width)` int64 to losses
    `(batch,)` float32 in [0, 1); see `dice`.
    """
    beta = hparams.settings(__name__).dice_beta
    return lambda logits, targets: dice(logits.float().softmax(1), targets, beta)


def dice(probs: Tensor, targets: Tensor, beta: float = 1.0) -> Tensor:
    """1 - ((1 + b^2) TP + 1) / ((1 + b^2) TP + b^2 FN + FP + 1), summed over a picture's pixels.

    Ignored pixels are left out. With b = 1 it is 1 - (2 sum pt + 1) / (sum p + sum t + 1). It is 0
    where all is right, also of a class that is not there.

    Args:
        probs: of each class, `(batch, n_classes, height, width)`.
        targets: `(batch, height, width)` int64.
        beta: how much a pixel that is missed counts against one that is found falsely.

    Returns:
        `(batch,)`; of two classes that of the second one, of more the mean over all.

    Source: Milletari et al., "V-Net", 2016, section 3, without the squares; with beta, Hashemi et
    al., "Asymmetric Loss Functions and Deep Densely-Connected Networks for Highly-Imbalanced
    Medical Image Segmentation", 2019.
    """
    truth = targets[:, None] == arange(probs.shape[1], device=probs.device)[:, None, None]
    counted = probs * known(targets)[:, None]
    hits = (counted * truth).sum((2, 3))
    missed, false = truth.sum((2, 3)) - hits, counted.sum((2, 3)) - hits
    # One minus the fraction would be rounded, and not 0 where all is right.
    errors = beta**2 * missed + false
    losses = errors / ((1 + beta**2) * hits + errors + SMOOTH)
    return losses[:, 1] if losses.shape[1] == 2 else losses.mean(1)
