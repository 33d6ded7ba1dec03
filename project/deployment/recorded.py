"""The float32 pass on this CPU beside the test that the run has recorded."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from project.provenance.confusion import CONFUSION, read_matrix
from project.provenance.record import read_outcome
from project.run_directory import PREDICTIONS
from project.tables.parquet import read_columns
from project.training.sample_table import INDEX
from project.values import IGNORED

ACCURACIES = ("test_pixel_accuracy", "test_accuracy")


@dataclass
class Counted:
    """What a pass over the test split decides, counted by what is true.

    Attributes:
        n_classes: of the decisions.
        matrix: `(n_classes, n_classes)` int64: rows are targets, columns decisions.
        of_samples: the class of each sample, by its index of the data set; empty for masks.
    """

    n_classes: int
    matrix: np.ndarray = field(init=False)
    of_samples: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.matrix = np.zeros((self.n_classes, self.n_classes), np.int64)

    def add(self, targets: np.ndarray, decisions: np.ndarray, indices: np.ndarray) -> None:
        """Count a batch: integers of one shape, and `(b,)`; what is ignored is left out."""
        if targets.ndim == 1:
            self.of_samples |= dict(zip(indices.tolist(), decisions.tolist(), strict=True))
        kept = targets != IGNORED if targets.ndim > 1 else np.ones(targets.shape, bool)
        pairs = targets[kept].astype(np.int64) * self.n_classes + decisions[kept]
        self.matrix += np.bincount(pairs, minlength=self.n_classes**2).reshape(self.matrix.shape)


def beside_recorded(run: Path, counted: Counted) -> dict[str, Any] | None:
    """How many decisions the recorded test had otherwise, at least.

    By its table of samples; or, of former versions and of masks, by the confusion matrix that it
    wrote, or where it wrote none by its accuracy.

    Args:
        run: the directory.
        counted: the same samples as this machine decides on them in float32.

    Returns:
        `by` what, `changed` and of how many `decisions`; None where there was no test, or one of a
        part of the samples.

    Raises:
        ValueError: what was recorded is damaged.
        OSError: it can't be read.
    """
    if counted.of_samples and (run / PREDICTIONS).is_file():
        found, _ = read_columns(run / PREDICTIONS, [INDEX, "prediction"])
        pairs = zip(found[INDEX].tolist(), found["prediction"].tolist(), strict=True)
        same = [counted.of_samples.get(index) == decided for index, decided in pairs]
        return {"by": "its table of samples", "changed": same.count(False), "decisions": len(same)}
    n = int(counted.matrix.sum())
    if (run / CONFUSION).is_file():
        _, matrix = read_matrix(run / CONFUSION)
        if matrix.shape != counted.matrix.shape or int(matrix.sum()) != n:
            return None
        changed = int(np.abs(matrix - counted.matrix).sum() + 1) // 2
        return {"by": "its confusion matrix", "changed": changed, "decisions": n}
    test = (read_outcome(run) or {}).get("test") or {}
    accuracy = next((test[name] for name in ACCURACIES if test.get(name) is not None), None)
    if accuracy is None:
        return None
    changed = abs(round(float(accuracy) * n) - int(counted.matrix.trace()))
    return {"by": "its accuracy", "changed": changed, "decisions": n}
