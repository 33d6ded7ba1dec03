"""No step waits for the device: what is read back is read once per block of batches."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from project.solver import Solver
from tests.test_solver import train

# What needs a tensor's values on the host, and so waits for the device that computes them.
READS = {
    *(Tensor.item, Tensor.tolist, Tensor.numpy, Tensor.cpu, Tensor.equal, torch.equal),
    *(Tensor.__bool__, Tensor.__float__, Tensor.__int__, Tensor.__index__, Tensor.is_nonzero),
    *(Tensor.nonzero, torch.nonzero, Tensor.masked_select, torch.masked_select, torch.unique),
}
FLAGS = {"batch_size": 64, "max_epochs": 1, "gradient_clip": 1.0}


class Reads(TorchFunctionMode):
    """Notes what is read while it is entered."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def __torch_function__(
        self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        if func in READS:
            self.names.append(func.__name__)
        return func(*args, **(kwargs or {}))


@contextmanager
def noting(monkeypatch: pytest.MonkeyPatch, method: str) -> Iterator[list[tuple[int, list[str]]]]:
    """For each call of a method of the solver, how many batches its block has and what it reads."""
    noted, original = [], getattr(Solver, method)

    def patched(self: Solver, block: Any, *args: Any) -> None:
        with Reads() as reads:
            original(self, block, *args)
        noted.append((len(block), reads.names))

    with monkeypatch.context() as context:
        context.setattr(Solver, method, patched)
        yield noted


def test_a_block_reads_as_often_as_a_batch(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """1,259 samples in batches of 36 are 35 batches: a block of 32 and one of 3."""
    with noting(monkeypatch, "training_step") as noted:
        train(tmp_path, **FLAGS | {"batch_size": 36})
    assert [n for n, _ in noted] == [32, 3]
    (_, long), (_, short) = noted
    assert long == short and 1 <= len(long) <= 2, "the losses, and the gradient's norm"


def test_an_evaluation_reads_at_its_end_only(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with noting(monkeypatch, "eval_step") as noted:
        train(tmp_path, **FLAGS)
    assert noted == [(3, [])], "179 samples in batches of 64"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("precision", ["32", "bf16-mixed"])
def test_cuda_reports_no_synchronisation_in_a_step(
    precision: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    done = []
    for method in ("_optimize", "eval_step"):
        original = getattr(Solver, method)

        def strict(self: Solver, *args: Any, original: Any = original, **kwargs: Any) -> Any:
            # The first step allocates; what it synchronises for is over after it.
            torch.cuda.set_sync_debug_mode("error" if self.step else "default")
            try:
                return original(self, *args, **kwargs)
            finally:
                torch.cuda.set_sync_debug_mode("default")
                done.append(self.step)

        monkeypatch.setattr(Solver, method, strict)
    train(tmp_path, accelerator="gpu", precision=precision, **FLAGS)
    assert len(done) > 20
