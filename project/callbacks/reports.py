"""Reports: what the task makes of the test's tables, in the run's directory."""

from pathlib import Path

from pytorch_lightning import Callback, LightningModule, Trainer

from project.run_directory import FIGURES


class Reports(Callback):
    """Writes `figures/` after the test, from the first process.

    Reads `task` and `tables["test"]` of the solver.

    Args:
        directory: the run's.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def on_test_end(self, trainer: Trainer, solver: LightningModule) -> None:
        """Let the task write its figures.

        Raises:
            OSError: the directory can't be written or the disk is full; nothing is left half
            written.
        """
        if not trainer.is_global_zero:
            return
        folder = self.directory / FIGURES
        folder.mkdir(exist_ok=True)
        solver.task.report(solver.tables["test"], folder)
