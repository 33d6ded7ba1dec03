"""Logits: the outputs of each tested sample, where they are maps, as one file in the run."""

import os
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import numpy as np
from pytorch_lightning import Callback, LightningModule, Trainer
from torch import Tensor

from project.run_directory import LOGITS


class Logits(Callback):
    """Writes `logits.npz` as the test goes on, in constant memory: an array for each sample.

    An array `(n_classes, H, W)` float32 is called by the index of the data set's sample, and
    `numpy.load` reads each when it is asked for.

    Sets `outputs_to` of the solver. Of several processes each would have its own samples, so there
    is to be one.

    Args:
        directory: the run's.
    """

    def __init__(self, directory: Path) -> None:
        self._path = directory / LOGITS
        self._part = directory / f".{LOGITS}.part"
        self._file: zipfile.ZipFile | None = None

    def on_test_start(self, trainer: Trainer, solver: LightningModule) -> None:
        """Open the file, under another name until it is whole.

        Raises:
            OSError: it can't be written.
        """
        self._file = zipfile.ZipFile(self._part, "w")
        solver.outputs_to = self._keep

    def on_test_end(self, trainer: Trainer, solver: LightningModule) -> None:
        """Give the file its name.

        Raises:
            OSError: the disk is full.
        """
        solver.outputs_to = None
        assert self._file is not None
        self._file.close()
        self._file = None
        os.replace(self._part, self._path)

    def on_exception(self, trainer: Trainer, solver: LightningModule, error: BaseException) -> None:
        """Leave nothing half written."""
        if self._file is not None:
            with suppress(OSError):  # on a full disk the list of what it holds can't be written
                self._file.close()
            self._part.unlink()

    def _keep(self, outputs: Any, indices: Tensor) -> None:
        logits = outputs.float().cpu().numpy()
        for index, each in zip(indices.tolist(), logits, strict=True):
            with self._file.open(f"{index}.npy", "w", force_zip64=True) as file:
                _write(file, each)


def _write(file: IO[bytes], array: np.ndarray) -> None:
    np.lib.format.write_array(file, np.ascontiguousarray(array), allow_pickle=False)
