"""A profile: where the time of the first training steps goes."""

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from torch.profiler import ProfilerActivity, profile

from project.files import write_atomic

# Blocks of batches: the first one, slow because all is new to it, is left out.
SKIPPED, RECORDED = 1, 11
ROWS = 50


class Profile(Callback):
    """Records the 2nd to 12th block of training batches and validations in between, on rank 0.

    Writes `trace.json`, to be opened in chrome://tracing or https://ui.perfetto.dev, and
    `table.txt`, the operations that took most time by themselves.

    Args:
        directory: for the two files; made when they are written.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._profile: profile | None = None
        self._blocks = 0

    def on_train_batch_start(
        self, trainer: Trainer, solver: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Begin to record, when the first block is done."""
        if self._blocks == SKIPPED and self._profile is None and trainer.is_global_zero:
            activities = [ProfilerActivity.CPU]
            if torch.cuda.is_available():
                activities.append(ProfilerActivity.CUDA)
            self._profile = profile(activities=activities)
            self._profile.start()

    def on_train_batch_end(self, trainer: Trainer, solver: LightningModule, *_: Any) -> None:
        """Write, when enough is recorded."""
        self._blocks += 1
        if self._blocks == SKIPPED + RECORDED:
            self._finish()

    def on_train_end(self, trainer: Trainer, solver: LightningModule) -> None:
        """Write what a short training gave."""
        if self._blocks <= SKIPPED and trainer.is_global_zero:
            print("--profile: training ended before there was a second block", file=sys.stderr)
        self._finish()

    def on_exception(
        self, trainer: Trainer, solver: LightningModule, exception: BaseException
    ) -> None:
        """Write what there is: torch allows one profiler at a time."""
        self._finish()

    def _finish(self) -> None:
        if self._profile is None:
            return
        recorded, self._profile = self._profile, None
        recorded.stop()
        self.directory.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=self.directory) as folder:
            recorded.export_chrome_trace(os.path.join(folder, "trace.json"))
            os.replace(os.path.join(folder, "trace.json"), self.directory / "trace.json")
        order = "self_device_time_total" if torch.cuda.is_available() else "self_cpu_time_total"
        table = recorded.key_averages().table(sort_by=order, row_limit=ROWS)
        write_atomic(self.directory / "table.txt", table + "\n")
