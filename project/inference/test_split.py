"""The samples of a recorded run's splits, as its data set holds them, batch by batch."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from torch import Tensor

from project import data
from project.data.ragged import Ragged
from project.hyperparameters import Hyperparameters
from project.provenance import stages
from project.provenance.record import read_record
from project.values import Tree


class Held(NamedTuple):
    """Samples of a split.

    Attributes:
        images: `(b, C, H, W)` in the data set's own data type.
        targets: what is true of them, as a batch has it.
        indices: of the data set's samples, `(b,)` int64.
    """

    images: Tensor
    targets: Tree
    indices: Tensor


@dataclass(frozen=True)
class Splits:
    """The data of a run, split as they were.

    Attributes:
        dataset: read anew.
        batch_size: of the run.
    """

    dataset: data.Data
    batch_size: int

    @classmethod
    def of_run(cls, run: Path, hparams: Hyperparameters, data_dir: str | None = None) -> "Splits":
        """The data of the run, if its test samples are still what they were.

        Args:
            run: its directory.
            hparams: the flags of its data.
            data_dir: where the data lie now; None: where they lay.

        Raises:
            ValueError: they are missing, damaged, or others than the run's.
            OSError: they can't be read.
        """
        record = stages.standing(read_record(run), stages.read_stages(run))
        if data_dir is not None:
            hparams = hparams.replace(data_dir=data_dir)
        dataset = data.prepare(hparams)
        recorded = record["data"]["hashes"].get("test")
        if dataset.hashes["test"] != recorded:
            raise ValueError(
                f"the test samples are not those of run {run.name}: their hash was {recorded} and"
                f" is {dataset.hashes['test']}; restore the data, or give --data-dir FOLDER"
            )
        return cls(dataset, int(record["flags"]["batch_size"]))

    def count(self, split: str) -> int:
        """How many samples "train", "val" or "test" has."""
        return len(getattr(self.dataset, split))

    def has_one_size(self, split: str) -> bool:
        """Whether its images are all of one size; otherwise they come one by one."""
        return not isinstance(getattr(self.dataset, split).samples, Ragged)

    def batches(self, split: str, size: int | None = None) -> Iterator[Held]:
        """Its samples in the order of the data set, each once.

        Args:
            split: "train", "val" or "test".
            size: of a batch; None: the run's.

        Raises:
            ValueError: a sample can't be decoded; the message names it.
            OSError: a file can't be read.
        """
        part = getattr(self.dataset, split)
        size = (size or self.batch_size) if self.has_one_size(split) else 1
        pieces = part.indices.split(size)
        arriving = part.samples.stream(part.indices, [len(piece) for piece in pieces])
        ready = part.samples.targets.ready
        for (images, targets), indices in zip(arriving, pieces, strict=True):
            yield Held(images, ready(targets), indices)
