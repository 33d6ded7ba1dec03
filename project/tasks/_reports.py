"""Files of a report: the confusion matrix as a table, and its figures."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from project.files import write_atomic
from project.run_directory import CONFUSION
from project.tasks._canvas import save
from project.tasks._figures import (
    CALIBRATION,
    UNCERTAINTY,
    certainty_picture,
    confusion_picture,
)

# Tables of bins, and their figures' names.
BINNED = {
    "calibration_bins": (CALIBRATION, "calibration.png"),
    "uncertainty_bins": (UNCERTAINTY, "uncertainty.png"),
}


def save_report(
    tables: Mapping[str, np.ndarray],
    classes: Sequence[str],
    folder: Path,
    of: str,
    counted: str = "samples",
) -> None:
    """Write `confusion_matrix.csv` and `.png`, `calibration.png` and `uncertainty.png`.

    Args:
        tables: by name.
        classes: names.
        folder: that is there.
        of: what was evaluated.
        counted: what there is one of in a count.

    Raises:
        OSError: they can't be written, or the disk is full; nothing is left half written.
    """
    confusion = tables["confusion_matrix"]
    save_confusion(confusion, classes, folder / CONFUSION)
    save(confusion_picture(confusion, classes, of, counted), folder / "confusion_matrix.png")
    for table, (kind, name) in BINNED.items():
        save(certainty_picture(tables[table], kind, of, counted), folder / name)


def save_confusion(confusion: np.ndarray, classes: Sequence[str], path: Path) -> None:
    """Write the confusion matrix as CSV.

    Raises:
        OSError: as of `save_report`.
    """
    write_atomic(path, confusion_csv(confusion, classes))


def confusion_csv(confusion: np.ndarray, classes: Sequence[str]) -> str:
    """The confusion matrix as CSV: a row per true class, a column per predicted one, with names."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["true \\ predicted", *classes])
    for name, row in zip(classes, confusion.tolist(), strict=True):
        writer.writerow([name, *row])
    return text.getvalue()
