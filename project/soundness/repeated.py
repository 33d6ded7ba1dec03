"""The test pass once more, by the predictor alone: its scores, and what it found of each sample."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from project.files import read_json
from project.inference.predictor import Predictor
from project.inference.test_split import Splits
from project.run_directory import OUTCOME, PREDICTIONS
from project.tables.parquet import read_columns
from project.training.evaluation import named
from project.training.sample_table import SampleTable, completed


@dataclass
class RepeatedTest:
    """A run's test, done again.

    Attributes:
        run: the directory.
        predictor: of its best checkpoint.
        splits: its data.
    """

    run: Any
    predictor: Predictor
    splits: Splits

    @cached_property
    def scores(self) -> dict[str, float]:
        """By name, such as `test_accuracy` and `test_recall/cat`; without the loss."""
        return self._pass[0]

    @cached_property
    def columns(self) -> dict[str, np.ndarray]:
        """What the task tells of each sample, by column, in the order of `index`."""
        return self._pass[1]

    @cached_property
    def recorded_scores(self) -> dict[str, float]:
        """Of the run's test; none if it had no test."""
        return read_json(self.run / OUTCOME).get("test") or {}

    @cached_property
    def recorded_columns(self) -> dict[str, Any]:
        """Of the run's table of predictions; none if it has no table."""
        path = self.run / PREDICTIONS
        return read_columns(path)[0] if path.is_file() else {}

    @cached_property
    def _pass(self) -> tuple[dict[str, float], dict[str, np.ndarray]]:
        task, table = self.predictor.task, SampleTable()
        metrics = task.metrics().to(self.predictor.device)
        metrics.reset()
        for held in self.splits.batches("test"):
            outputs = self.predictor.outputs(held.images)
            targets = held.targets.to(self.predictor.device)
            metrics.update(outputs, targets, held.indices)
            table.add(held.indices, task.columns(outputs, targets))
        scores, tables = named("test", metrics.compute(), task.classes)
        columns, whole = table.end(), task.together(tables)
        return scores, completed(columns, whole.indices, whole.columns) if whole else columns
