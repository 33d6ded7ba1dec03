"""The confusion matrix that a test has written, read again."""

import csv
from pathlib import Path

import numpy as np

from project import run_directory
from project.run_directory import FIGURES

CONFUSION = f"{FIGURES}/{run_directory.CONFUSION}"


def read_matrix(path: Path) -> tuple[list[str], np.ndarray]:
    """The classes, and the matrix: rows are targets, columns predictions.

    Raises:
        OSError: the file can't be read.
        ValueError: it is not what a run writes.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            (_, *classes), *rows = csv.reader(file)
        matrix = np.array([row[1:] for row in rows], dtype=np.int64)
        if matrix.shape != (len(classes), len(classes)) or matrix.min() < 0 or not matrix.any():
            raise ValueError(f"it is no square of counts of {len(classes)} classes")
    except (ValueError, OverflowError, csv.Error) as error:
        raise ValueError(f"{CONFUSION} is damaged: {error}") from error
    return classes, matrix
