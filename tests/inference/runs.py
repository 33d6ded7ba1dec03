"""A run with what its test pass saw and gave: the reference of all that predicts."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from project import data
from project.files import read_json
from project.hyperparameters import Hyperparameters
from project.main import main
from project.training.evaluation import Evaluation


@dataclass(frozen=True)
class Reference:
    """A run, the images of its test split and the outputs that its test pass had, batch by batch.

    Attributes:
        run: its directory.
        images: `(n, C, H, W)` each, as the data set holds them.
        targets: what is true of them, likewise.
        outputs: of the model, likewise.
    """

    run: Path
    images: list[Tensor]
    targets: list[Tensor]
    outputs: list[Tensor]


def reference(exp_dir: Path, *flags: str) -> Reference:
    """Train and test in this process, and keep the outputs of the test's batches."""
    kept: list[tuple[Any, ...]] = []
    add = Evaluation.add

    def keep(self: Evaluation, *batch: Any) -> None:
        kept.append(batch)
        add(self, *batch)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Evaluation, "add", keep)
        argv = ["--tracker", "none", "--exp-dir", str(exp_dir), "--accelerator", "cpu"]
        assert main([*flags, *argv, "--without", "progress", "reports"]) == 0
    (run,) = exp_dir.glob("*/2*")
    return Reference(run, *_split(run, kept))


def _split(run: Path, kept: Sequence[tuple[Any, ...]]) -> tuple[list[Tensor], ...]:
    """Of all that was evaluated, the test: its last samples, of all of its split's indices."""
    hparams = Hyperparameters.from_values(read_json(run / "record.json")["flags"])
    test = data.prepare(hparams).test
    due = len(test)
    if hparams.limit_batches:
        due = min(due, hparams.limit_batches * hparams.batch_size)
    n, batches = due, []
    for outputs, targets, _, indices in reversed(kept):
        batches.append((test.samples.fetch(indices), targets, outputs))
        n -= len(indices)
        if n == 0:
            break
    images, targets, outputs = (list(each) for each in zip(*reversed(batches), strict=True))
    last = len(kept) - len(images)
    tested = kept[last:]
    assert torch.equal(torch.cat([indices for *_, indices in tested]), test.indices[:due])
    return images, targets, outputs
