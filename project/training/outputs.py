"""What a classifier must return for a batch of images, and what a loss must for its logits."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from project.cli.faults import if_none

# What is wrong with what a model returned, or None; a task of another kind has one of its own.
Check = Callable[[Any, int, torch.device], str | None]


def logits_check(n_classes: int) -> Check:
    """A check of logits `(batch, n_classes)`, floating, finite, on the inputs' device."""

    def check(outputs: Any, n: int, device: torch.device) -> str | None:
        wanted = f"logits (batch, {n_classes})"
        if not isinstance(outputs, Tensor):
            return f"returned {_kind(outputs)}, not {wanted}{_advice(outputs)}"
        shape = tuple(outputs.shape)
        if shape != (n, n_classes):
            return f"returned {shape} for {n} images, not {wanted}{_misshapen(shape, n, n_classes)}"
        if not outputs.is_floating_point():
            dtype = str(outputs.dtype).removeprefix("torch.")
            return f"returned {wanted} of {dtype}, no floating-point numbers: is there an argmax?"
        if outputs.device != device:
            return f"returned {wanted} on {outputs.device}, while its images are on {device}"
        # A class may be ruled out by -inf, as long as another is not.
        if outputs.isnan().any() or not outputs.amax(1).isfinite().all():
            return (
                f"returned {wanted} that are NaN or infinite, for images of mean 0 and deviation 1"
            )
        return None

    return check


def losses_fault(losses: Any, n: int) -> str | None:
    """What is wrong with a loss for `n` samples; None if it is `(n,)`, floating, without NaN."""
    wanted = "each sample's loss (batch,)"
    if not isinstance(losses, Tensor):
        return f"returned {_kind(losses)}, not {wanted}{_advice(losses)}"
    shape = tuple(losses.shape)
    if shape == ():
        return (
            f"returned a single number, not {wanted}: leave the mean out (reduction='none'); it is"
            " taken over all samples, whatever the batches"
        )
    if shape != (n,):
        return f"returned {shape} for {n} samples, not {wanted}"
    if not losses.is_floating_point():
        dtype = str(losses.dtype).removeprefix("torch.")
        return f"returned {wanted} of {dtype}, no floating-point numbers"
    if losses.isnan().any():
        return f"returned NaN for {int(losses.isnan().sum())} of {n} samples with finite logits"
    return None


def _kind(value: Any) -> str:
    """What something is that should be a tensor."""
    if value is None:
        return "None"
    if isinstance(value, dict):
        return f"a dict of {', '.join(map(str, list(value)[:4]))}" if value else "an empty dict"
    if isinstance(value, (tuple, list)):
        return f"a {type(value).__name__} of {len(value)}"
    return f"{type(value).__module__}.{type(value).__name__}".removeprefix("builtins.")


def _advice(value: Any) -> str:
    if isinstance(value, (tuple, list, dict)):
        return ": return the one tensor alone"
    return if_none(value) or ": return a tensor"


def _misshapen(shape: tuple[int, ...], n: int, n_classes: int) -> str:
    """Advice for a shape that is not `(n, n_classes)`."""
    if len(shape) == 2 and shape[0] == n:
        return ": its last layer needs n_classes outputs"
    if shape == (n_classes, n):
        return ": it is transposed"
    if len(shape) > 2 and shape[0] == n:
        return ": flatten it, or take the mean over the pixels"
    return ": the first dimension is the batch's, and has to stay"
