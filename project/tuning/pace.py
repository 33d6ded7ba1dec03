"""How many samples a second a training takes, as it is: with its data, loss, optimizer and step."""

import gc
import time
from typing import Any

from pytorch_lightning import LightningModule, Trainer

from project.tuning.listening import Listening

# Of several speeds, those that are within so much of the best one are as good: it is noise.
ALIKE = 0.95


class Pace(Listening):
    """Measures whole blocks of batches, but for the first one, and ends the training then.

    The solver reads the losses at the end of each block, by when a GPU has done all of it.

    Args:
        seconds: at least.

    Attributes:
        speed: samples a second.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds, self._began = seconds, 0.0
        self.speed = 0.0

    def on_train_batch_end(self, trainer: Trainer, solver: LightningModule, *_: Any) -> None:
        """Look at the clock."""
        self.sums.clear()
        now = time.perf_counter()
        if not self._began:
            self._began, self.n_samples = now, 0
        elif now - self._began >= self._seconds:
            self.speed = self.n_samples / (now - self._began)
            trainer.should_stop = True


def measured(solver: Any, trainer: Trainer, loader: Any, seconds: float) -> float:
    """The samples a second of a training that could go on for long.

    Args:
        solver: whose model is trained; it may have been before.
        trainer: that has trained nothing yet.
        loader: of the training split.
        seconds: to measure.
    """
    pace = Pace(seconds)
    trainer.callbacks.append(pace)
    solver.step_in_epoch = 0
    trainer.fit(solver, loader)
    trainer.callbacks.clear()
    gc.collect()  # worker processes, and the optimizer's state, end with what holds them
    return pace.speed


def fastest(speeds: dict[int, float]) -> int:
    """The smallest setting that is as good as the best one, by the speed of each."""
    best = max(speeds.values())
    return min(setting for setting, speed in speeds.items() if speed >= ALIKE * best)
