"""Files of a report: figures, and the confusion matrix as a table."""

import csv
import io
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from project.files import replacing, write_atomic


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure as a picture.

    Raises:
        OSError: it can't be written, or the disk is full; nothing is left half written.
    """
    with replacing(path) as file, warnings.catch_warnings():
        # Of names in scripts that the font lacks; the CSV file has them.
        warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)
        figure.savefig(file, format="png")


def save_confusion(confusion: np.ndarray, classes: Sequence[str], path: Path) -> None:
    """Write the confusion matrix as CSV.

    Raises:
        OSError: as of `save_figure`.
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
