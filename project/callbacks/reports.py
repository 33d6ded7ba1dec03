"""Reports: figures of the test, and the confusion matrix as a table, in the run's directory."""

import csv
import io
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from pytorch_lightning import Callback, LightningModule, Trainer

from project.callbacks._figures import calibration_figure, confusion_figure
from project.files import replacing, write_atomic
from project.run_directory import CONFUSION, FIGURES


class Reports(Callback):
    """Writes `figures/` after the test, from the first process.

    Reads `classes` and `tables["test"]` of the solver: the `confusion_matrix` `(n_classes,
    n_classes)` and the `calibration_bins` `(n_bins, 3)` of the metrics.

    Args:
        directory: the run's.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def on_test_end(self, trainer: Trainer, solver: LightningModule) -> None:
        """Write `confusion_matrix.png` and `.csv`, and `calibration.png`.

        Raises:
            OSError: the directory can't be written or the disk is full; nothing is left half
            written.
        """
        if not trainer.is_global_zero:
            return
        folder = self.directory / FIGURES
        folder.mkdir(exist_ok=True)
        tables = solver.tables["test"]
        confusion = tables["confusion_matrix"]
        write_atomic(folder / CONFUSION, confusion_csv(confusion, solver.classes))
        _save(confusion_figure(confusion, solver.classes), folder / "confusion_matrix.png")
        _save(calibration_figure(tables["calibration_bins"]), folder / "calibration.png")


def confusion_csv(confusion: np.ndarray, classes: Sequence[str]) -> str:
    """The confusion matrix as CSV: a row per true class, a column per predicted one, with names."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["true \\ predicted", *classes])
    for name, row in zip(classes, confusion.tolist(), strict=True):
        writer.writerow([name, *row])
    return text.getvalue()


def _save(figure: Figure, path: Path) -> None:
    with replacing(path) as file, warnings.catch_warnings():
        # Of names in scripts that the font lacks; the CSV file has them.
        warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)
        figure.savefig(file, format="png")
