"""A profile: where the time of the first training steps goes."""

import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from torch.profiler import ProfilerActivity, profile, record_function

from project.files import write_atomic

# Blocks of batches: the first one, slow because all is new to it, is left out.
SKIPPED, RECORDED = 1, 11
ROWS = 50
# What a step consists of, by how the profiler's events of each part begin. The first ones are this
# callback's own; autograd and the optimizers bring theirs.
PHASES = {
    "data": "data",
    "forward": "forward",
    "loss": "loss",
    "backward": "autograd::engine::evaluate_function",
    "optimizer": "Optimizer.step#",
    "logging": "logging",
    "validation": "validation",
}


class Profile(Callback):
    """Records the 2nd to 12th block of training batches and validations in between, on rank 0.

    Writes `trace.json`, to be opened in chrome://tracing or https://ui.perfetto.dev, and
    `table.txt`: the time of each phase of the steps, and the operations that took most time by
    themselves. Nothing is measured, and nothing costs time, before and after.

    Args:
        directory: for the two files; made when they are written.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._profile: profile | None = None
        self._blocks = 0
        self._range: record_function | None = None

    def on_train_batch_start(
        self, trainer: Trainer, solver: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Begin to record, when the first block is done."""
        self._leave()
        if self._blocks == SKIPPED and self._profile is None and trainer.is_global_zero:
            activities = [ProfilerActivity.CPU]
            if torch.cuda.is_available():
                activities.append(ProfilerActivity.CUDA)
            # There is one cycle of recording; torch 2.11 would warn that others' events are lost.
            self._profile = profile(activities=activities, acc_events=True)
            self._profile.start()
            self._began = time.perf_counter()
            self._mark(trainer, solver)

    def on_train_batch_end(self, trainer: Trainer, solver: LightningModule, *_: Any) -> None:
        """Write, when enough is recorded; until the next block begins, its data is awaited."""
        self._blocks += 1
        if self._blocks == SKIPPED + RECORDED:
            self._finish()
        self._enter("data")

    def on_validation_start(self, trainer: Trainer, solver: LightningModule) -> None:
        """What follows is no data of the training."""
        self._leave()
        self._enter("validation")

    def on_validation_end(self, trainer: Trainer, solver: LightningModule) -> None:
        self._leave()
        self._enter("data")

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

    def _mark(self, trainer: Trainer, solver: LightningModule) -> None:
        """Let what the solver calls be seen as phases, until `_finish`."""
        self._undo = ExitStack()
        # Not the model's `forward`, which one that is compiled does not call.
        for phase, owner, name in (
            ("forward", solver.optimization, "model"),
            ("loss", solver.optimization, "loss"),
            ("logging", trainer.logger, "log"),
        ):
            # Beside those of the class, if they are its methods; deleted, these are back.
            own, plain = name in vars(owner), getattr(owner, name)
            setattr(owner, name, self._recorded(phase, plain))
            restore = (setattr, owner, name, plain) if own else (delattr, owner, name)
            self._undo.callback(*restore)

    def _recorded(self, phase: str, function: Callable) -> Callable:
        def wrapped(*args: Any, **settings: Any) -> Any:
            # What is logged in a validation is part of it.
            if self._range is not None:
                return function(*args, **settings)
            with record_function(phase):
                return function(*args, **settings)

        return wrapped

    def _enter(self, phase: str) -> None:
        if self._profile is not None:
            self._range = record_function(phase).__enter__()

    def _leave(self) -> None:
        if self._range is not None:
            self._range.__exit__(None, None, None)
            self._range = None

    def _finish(self) -> None:
        if self._profile is None:
            return
        self._leave()
        self._undo.close()
        seconds = time.perf_counter() - self._began
        done, self._profile = self._profile, None
        done.stop()
        self.directory.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=self.directory) as folder:
            done.export_chrome_trace(os.path.join(folder, "trace.json"))
            os.replace(os.path.join(folder, "trace.json"), self.directory / "trace.json")
        order = "self_device_time_total" if torch.cuda.is_available() else "self_cpu_time_total"
        averages = done.key_averages()
        operations = averages.table(sort_by=order, row_limit=ROWS)
        write_atomic(self.directory / "table.txt", f"{phases(averages, seconds)}\n\n{operations}\n")


def phases(averages: Sequence[Any], seconds: float) -> str:
    """The time of each phase in ms and in percent of `seconds`, and what is none of them.

    Args:
        averages: the profiler's events, those of the same name together.
        seconds: that were recorded.
    """
    on_device = torch.cuda.is_available()
    rows, left = [], seconds * 1e3
    for phase, start in PHASES.items():
        events = [event for event in averages if event.key.startswith(start)]
        spent = sum(event.cpu_time_total for event in events) / 1e3
        device = sum(event.device_time_total for event in events) / 1e3
        rows.append((phase, spent, f"{device:16.1f}" if on_device else ""))
        left -= spent
    rows.append(("the rest", left, ""))
    lines = [f"{'phase':<12}{'ms':>10}{'share':>9}{'ms on the device' if on_device else ''}"]
    for phase, spent, device in rows:
        lines.append(f"{phase:<12}{spent:>10.1f}{spent / seconds / 10:>8.1f}%{device}")
    return "\n".join(lines)
