"""The range test: a training whose learning rate rises with each step, until the loss explodes."""

import math
from typing import Any, NamedTuple

import torch
from pytorch_lightning import LightningModule, Trainer
from torch.optim import Optimizer

from project.training.schedules import set_rate
from project.tuning.listening import Listening

# The weight of what was before in the running mean of the losses.
MEMORY = 0.9
# The test is over where that mean is so many times its least value.
TIMES = 4.0


class Point(NamedTuple):
    """A step of the test.

    Attributes:
        rate: the (peak) learning rate, by which the step was done.
        loss: mean of its batch, before it.
        size: samples of the batch.
    """

    rate: float
    loss: float
    size: int


class Rising(Listening):
    """Lets the learning rate rise exponentially from step to step, and notes the losses.

    It stands between the schedule, which has set a rate, and the optimizer's step. Groups keep
    their own factors of the rate; the momentum is the schedule's. The test ends after `steps`, or
    where the loss's running mean is four times its best one, or the loss no number any more.

    Source: Smith, "Cyclical Learning Rates for Training Neural Networks", 2017, section 3.3
    (https://arxiv.org/abs/1506.01186).

    Args:
        lowest: rate of the first step.
        highest: rate of the last one.
        steps: at least 2.

    Attributes:
        points: the steps with a finite loss, in order.
        exploded: whether the loss has ended the test.
    """

    def __init__(self, lowest: float, highest: float, steps: int) -> None:
        super().__init__()
        self._lowest, self._steps = lowest, steps
        self._exponent = math.log(highest / lowest) / (steps - 1)
        self.points: list[Point] = []
        self.exploded = False
        self._mean = RunningMean(MEMORY)

    def rate(self, step: int) -> float:
        """Of the step that follows `step` others."""
        return self._lowest * math.exp(self._exponent * step)

    def on_before_optimizer_step(
        self, trainer: Trainer, solver: LightningModule, optimizer: Optimizer
    ) -> None:
        """Set the rate, note the loss, and end the test where it has exploded."""
        rate, size = self.rate(len(self.points)), self.n_samples
        loss = float(torch.stack(self.sums).sum() / size)
        self.sums, self.n_samples = [], 0
        if not math.isfinite(loss) or self._mean.explodes(loss):
            self.exploded = solver.stop_requested = trainer.should_stop = True
        if math.isfinite(loss):
            self.points.append(Point(rate, loss, size))
        set_rate(optimizer, rate, None)

    def on_train_batch_end(self, trainer: Trainer, solver: LightningModule, *_: Any) -> None:
        """Nothing more is to be learned after the last step."""
        trainer.should_stop = trainer.should_stop or len(self.points) >= self._steps


class RunningMean:
    """An exponential mean of the losses so far, which says where they explode.

    Args:
        memory: the weight of what was before.
    """

    def __init__(self, memory: float) -> None:
        self._memory, self._sum, self._weight = memory, 0.0, 0.0
        self._best = math.inf

    def explodes(self, loss: float) -> bool:
        """Take in a loss; whether the mean is now `TIMES` times its least value, or more.

        Of a least value below 0 it is as far above it as that would be.
        """
        self._sum = self._memory * self._sum + (1 - self._memory) * loss
        self._weight = self._memory * self._weight + 1 - self._memory
        mean = self._sum / self._weight
        self._best = min(self._best, mean)
        return mean > self._best + (TIMES - 1) * abs(self._best)
