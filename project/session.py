"""A run from its first step to its outcome: train, test the best checkpoint, and say how it ended."""

import sys
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pytorch_lightning import Trainer

from project import checkpoint
from project.callbacks.checkpoints import Checkpoints
from project.callbacks.interrupt import Interrupted
from project.data import Loader
from project.provenance.run import Run
from project.solver import Solver


@dataclass
class Session:
    """One process's part in a run.

    Attributes:
        run: the run's directory and record; None in all processes but the first.
        state: the checkpoint from which training goes on, or None.
        status: finished, failed or interrupted, once `execute` has returned.
        error: why it failed, in a line.
        exit_code: for the process.
    """

    run: Run | None
    trainer: Trainer
    solver: Solver
    loaders: dict[str, Loader]
    checkpoints: Checkpoints
    state: dict[str, Any] | None = None
    only_test: bool = False
    status: str = "finished"
    error: str | None = None
    exit_code: int = 0
    test_scores: dict[str, float] = field(default_factory=dict)

    def execute(self, show_traceback: bool = False) -> None:
        """Train and test; an interruption or an error ends it, and becomes its status."""
        try:
            if not self.only_test:
                self._train()
            self._test()
        except Interrupted as interruption:
            self._end("interrupted", str(interruption), 128 + interruption.signal)
        except Exception as error:
            if show_traceback:
                traceback.print_exc()
            elif self.run is not None and not isinstance(error, (ValueError, FloatingPointError, OSError)):
                (self.run.directory / "traceback.txt").write_text(traceback.format_exc())
            self._end("failed", _one_line(error), 1)

    def _train(self) -> None:
        if self.state is not None:
            if self.state["done"]:
                return
            self._go_on_from(self.state)
        self.trainer.fit(self.solver, self.loaders["train"], self.loaders["val"])

    def _go_on_from(self, state: dict[str, Any]) -> None:
        """Point Lightning, the solver and the data at the checkpoint's place; weights follow at the start."""
        self.solver.step, self.solver.step_in_epoch = state["step"], state["step_in_epoch"]
        self.loaders["train"].seek(state["epoch"], state["step_in_epoch"])
        progress = self.trainer.fit_loop.epoch_progress.current
        progress.ready = progress.started = progress.processed = progress.completed = state["epoch"]

    def _test(self) -> None:
        if not self.only_test:
            best = checkpoint.load(self.checkpoints.directory / "best.pt")
            self.solver.model.load_state_dict(best["model"])
        self.trainer.test(self.solver, self.loaders["test"], verbose=False)
        self.test_scores = {k: v for k, v in self.solver.scores.items() if k.startswith("test_")}

    def _end(self, status: str, error: str, exit_code: int) -> None:
        self.status, self.error, self.exit_code = status, error, exit_code


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split())
    user_facing = isinstance(error, (ValueError, FloatingPointError, OSError))
    return text if user_facing and text else f"{type(error).__name__}: {text}"
