"""A split's scores with and without a temperature, and what calibration needs of its samples."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from project.inference.predictor import Predictor
from project.inference.test_split import Splits
from project.values import IGNORED

# Scores that a temperature is for, and one that it leaves as it is; of masks the latter is another.
SCORES = ("log_loss", "brier", "calibration_error", "uce")
DECIDED = ("accuracy", "pixel_accuracy")
# Of each picture with a mask so many pixels are taken, evenly, to find the temperature by.
PIXELS = 4096


@dataclass
class Seen:
    """Samples of a split.

    Attributes:
        logits: `(n, C)` float32 on the CPU; of masks, of some of the pixels that count.
        targets: `(n,)` int64.
    """

    logits: list[Tensor] = field(default_factory=list)
    targets: list[Tensor] = field(default_factory=list)

    def add(self, outputs: Tensor, targets: Tensor) -> None:
        """Take a batch."""
        outputs, targets = outputs.float().cpu(), targets.cpu()
        if outputs.ndim > 2:
            for logits, mask in zip(outputs.flatten(2), targets.flatten(1), strict=True):
                counted = (mask != IGNORED).nonzero()[:, 0]
                chosen = counted[:: max(1, len(counted) // PIXELS)]
                self.logits.append(logits[:, chosen].T)
                self.targets.append(mask[chosen])
            return
        self.logits.append(outputs)
        self.targets.append(targets)

    def joined(self) -> tuple[Tensor, Tensor]:
        """All of them."""
        return torch.cat(self.logits), torch.cat(self.targets)


def see(predictor: Predictor, splits: Splits, split: str) -> Seen:
    """The logits of a split.

    Raises:
        ValueError: the task's outputs are no logits of classes.
    """
    seen = Seen()
    for held in splits.batches(split):
        outputs = predictor.outputs(held.images)
        if not isinstance(outputs, Tensor) or predictor.task.probs(outputs) is None:
            raise ValueError(f"task {predictor.task.name} has no probabilities to calibrate")
        seen.add(outputs, held.targets)
    return seen


def measure(
    predictor: Predictor, splits: Splits, split: str, temperature: float
) -> tuple[dict[str, float], dict[str, np.ndarray]]:
    """Scores of a split by name, of those that there are, and the tables of its figures."""
    task = predictor.task
    metrics = task.metrics().to(predictor.device)
    metrics.reset()
    for held in splits.batches(split):
        outputs: Any = predictor.outputs(held.images)
        metrics.update(outputs / temperature, held.targets.to(predictor.device))
    found = metrics.compute()
    scores = {name: float(found[name]) for name in (*SCORES, *DECIDED) if name in found}
    return scores, {name: value for name, value in found.items() if np.ndim(value) == 2}
