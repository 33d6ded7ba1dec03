"""The Lightning logger of this project: it writes the journal, which every tracker follows."""

from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytorch_lightning.loggers import Logger

from project.run_directory import JOURNAL
from project.tracking.journal import Journal


class RunLogger(Logger):
    """Logs into a run's directory; one for the process of rank 0.

    Attributes:
        epoch: the epoch that `log_metrics`, which Lightning calls without one, writes down.
    """

    def __init__(self, run_dir: Path) -> None:
        """Open the journal in `run_dir`, which exists.

        Raises:
            OSError: it can't be written.
        """
        super().__init__()
        self.epoch = 0
        self._run_dir = run_dir
        self._journal = Journal(run_dir / JOURNAL)

    @property
    def name(self) -> str:
        """The experiment's name."""
        return self._run_dir.parent.name

    @property
    def version(self) -> str:
        """The run's id."""
        return self._run_dir.name

    def log(self, scores: Mapping[str, float], *, step: int, epoch: int) -> None:
        """Note scores after optimizer step `step`; about a microsecond, and never waits for a disk.

        Raises:
            OSError: an earlier record could not be written.
        """
        self.epoch = epoch
        self._journal.log(scores, step=step, epoch=epoch)

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Lightning's way to log, for what a module logs with `self.log`."""
        assert step is not None, "Lightning always gives the step"
        self.log(metrics, step=step, epoch=self.epoch)

    def log_hyperparams(
        self, params: dict[str, Any] | Namespace, *args: Any, **kwargs: Any
    ) -> None:
        """Nothing: the run's record holds them since before training."""

    def flush(self) -> None:
        """Return once all that was logged is on the disk.

        Raises:
            OSError: it can't be written.
        """
        self._journal.flush()

    def finalize(self, status: str) -> None:
        """The end of a fit or a test; more may follow, so the journal stays open."""
        self.flush()

    def close(self) -> None:
        """Flush, and log no more.

        Raises:
            OSError: it can't be written.
        """
        self._journal.close()
