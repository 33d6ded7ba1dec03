"""The forward pass of a test: without gradients, in the precision that the run had."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import torch

from project.hyperparameters import Hyperparameters

_MIXED = {"bf16-mixed": torch.bfloat16, "16-mixed": torch.float16}


def precision_on(hparams: Hyperparameters, device: torch.device) -> str:
    """The recorded precision; 32 where it was one that this kind of device has not."""
    on_cpu = device.type == "cpu" and hparams.precision == "16-mixed"
    return "32" if on_cpu else hparams.precision


def usable(device: str | torch.device) -> torch.device:
    """The device that is meant.

    Raises:
        ValueError: there is none of this name here; in one line.
    """
    try:
        found = torch.device(device)
        torch.empty(1, device=found)
    # Without CUDA, torch asserts that it has it.
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        why = str(error).strip().splitlines()[0]
        raise ValueError(f"--device {device}: {why}") from error
    return found


@contextmanager
def as_tested(
    device: torch.device, precision: str = "32", deterministic: bool = False
) -> Iterator[None]:
    """Compute as Lightning's Trainer does in a test.

    Args:
        device: where the model is.
        precision: 32, bf16-mixed or 16-mixed.
        deterministic: whether only deterministic algorithms may be used.
    """
    dtype = _MIXED.get(precision)
    mixed = torch.autocast(device.type, dtype, cache_enabled=False) if dtype else nullcontext()
    with torch.inference_mode(), mixed, _deterministic(deterministic):
        yield


@contextmanager
def _deterministic(wanted: bool) -> Iterator[None]:
    if not wanted:
        yield
        return
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before)
