"""Predictions: what the test found of each sample, as a table in the run."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pytorch_lightning import Callback, LightningModule, Trainer

from project.run_directory import PREDICTIONS
from project.tables.parquet import write_columns
from project.training.sample_table import INDEX
from project.values import Example

# Of so many wrongly predicted samples the picture is kept, no side above so many pixels.
MOST_PICTURES, SIDE = 200, 96


class Predictions(Callback):
    """Writes `predictions.parquet` in the first process, a row for each tested sample.

    Its columns are `index`, of the data set's sample; `path`, the file, below the data folder, if
    there are files; `loss`, and its `weight` in the mean, where that is not 1 for all; those of
    the task; and, where the task says what is right, `picture`, a PNG of some of the samples that
    are not. Which those are is a matter of the index alone, so that two models that are wrong about
    the same samples keep the same pictures.

    Reads `task` and `samples` of the solver.

    Args:
        directory: the run's.
        example: gives a sample of a split by its index of the data set.
        name_of: gives the name of its file, likewise; None: it has none.
        mask: replaces secrets in such names.
    """

    def __init__(
        self,
        directory: Path,
        example: Callable[[str, int], Example],
        name_of: Callable[[str, int], str | None],
        mask: Callable[[Sequence[str]], list[str]],
    ) -> None:
        self.directory, self._example = directory, example
        self._name_of, self._mask = name_of, mask

    def on_test_end(self, trainer: Trainer, solver: LightningModule) -> None:
        """Write the table.

        Raises:
            OSError: the directory can't be written or the disk is full; nothing is left behind.
        """
        if not trainer.is_global_zero or not solver.samples:
            return
        found = solver.samples
        index = found[INDEX].tolist()
        columns = {INDEX: found[INDEX], "path": self._paths(index), **found}
        if {"target", "prediction"} <= found.keys():
            columns["picture"] = self._pictures(index, found)
        about = {"split": "test", "run_id": self.directory.name, "task": solver.task.name}
        about |= {"classes": list(solver.task.classes)}
        write_columns(self.directory / PREDICTIONS, columns, about)

    def _paths(self, index: list[int]) -> list[str | None]:
        names = [self._name_of("test", i) for i in index]
        masked = iter(self._mask([name for name in names if name is not None]))
        return [None if name is None else next(masked) for name in names]

    def _pictures(self, index: list[int], found: Mapping[str, Any]) -> list[bytes | None]:
        wrong = np.flatnonzero(found["target"] != found["prediction"])
        wanted = set(sorted(wrong.tolist(), key=lambda row: _lot(index[row]))[:MOST_PICTURES])
        return [
            _png(self._example("test", i)) if row in wanted else None for row, i in enumerate(index)
        ]


def _lot(index: int) -> int:
    """A number by which samples are drawn: the same for an index everywhere."""
    return index * 0x9E3779B97F4A7C15 % 2**64


def _png(example: Example) -> bytes:
    from io import BytesIO

    from PIL import Image

    image = Image.fromarray(example.image)
    image.thumbnail((SIDE, SIDE))
    file = BytesIO()
    image.save(file, "PNG")
    return file.getvalue()
