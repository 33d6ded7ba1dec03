"""All that a card is made from: what a run recorded, found, and what was made of it later."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from project.files import read_json
from project.plugs.serving import USUAL
from project.provenance import after
from project.provenance.confusion import CONFUSION, read_matrix
from project.provenance.record import of_pixels, read_outcome, read_record
from project.run_directory import PREDICTIONS
from project.tables.parquet import read_columns

_READ = ("iou", "loss", "average_precision", "target", "prediction")


@dataclass(frozen=True)
class Facts:
    """Of a run that has ended with a test.

    Attributes:
        run: the directory.
        licence: of the weights; "": unsaid.
    """

    run: Path
    licence: str

    @cached_property
    def record(self) -> dict[str, Any]:
        """What was asked for."""
        return read_record(self.run)

    @cached_property
    def outcome(self) -> dict[str, Any]:
        """What came out."""
        return read_outcome(self.run)

    @property
    def test(self) -> dict[str, float]:
        """The test's scores by name, without the split."""
        found = self.outcome.get("test") or {}
        return {name.removeprefix("test_"): value for name, value in found.items()}

    @property
    def classes(self) -> list[str]:
        """Their names."""
        return self.record["data"]["classes"]

    @property
    def has_masks(self) -> bool:
        """Whether pixels are classified."""
        return of_pixels(self.record)

    @property
    def task(self) -> str:
        """What is to be found in an image."""
        return str((self.record.get("task") or {}).get("name", USUAL))

    @property
    def has_embeddings(self) -> bool:
        """Whether images are set beside each other, not told apart."""
        return "average_precision" in self.samples or self.task == "embedding"

    @cached_property
    def matrix(self) -> np.ndarray | None:
        """The test's confusion matrix, `(C, C)` int64; None if the run has drawn none."""
        path = self.run / CONFUSION
        return read_matrix(path)[1] if path.is_file() else None

    @cached_property
    def samples(self) -> dict[str, Any]:
        """The table of tested samples, by column; empty if the run has none."""
        path = self.run / PREDICTIONS
        return read_columns(path, _READ)[0] if path.is_file() else {}

    def made(self, name: str, file: str) -> dict[str, Any] | None:
        """What a file says that was made of the run as it is; None if it was not.

        Raises:
            ValueError: it was changed since.
        """
        folder = after.place(self.run, name)
        if not (folder / file).is_file() or not after.is_of(folder, self.run):
            return None
        if changed := after.changes(folder):
            raise ValueError(f"{folder}: {changed[0]}; make it anew")
        return read_json(folder / file)

    def exported(self) -> list[tuple[str, dict[str, Any]]]:
        """What was exported, each with its proof."""
        found = []
        for folder in after.made(self.run):
            if proof := self.made(folder.name, "proof.json"):
                found.append((folder.name, proof))
        return found
