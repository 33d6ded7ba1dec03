"""What a model may return wrongly, in words; what the right shape is, each task says."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from project.words.returned import advice, dtype_name, kind_of

Shape = tuple[int, ...]


def fault(
    outputs: Any,
    shape: Shape,
    wanted: str,
    device: torch.device,
    misshapen: Callable[[Shape, Shape], str],
) -> str | None:
    """What is wrong with outputs that should be of a shape, floating, finite, on their device.

    Args:
        outputs: what the model returned.
        shape: what it should be; dimension 0 is the sample, dimension 1 the class.
        wanted: the same in words.
        device: of the images.
        misshapen: advice for the first shape, where the second one is wanted.
    """
    if not isinstance(outputs, Tensor):
        return f"returned {kind_of(outputs)}, not {wanted}{advice(outputs)}"
    if tuple(outputs.shape) != shape:
        found = tuple(outputs.shape)
        return f"returned {found} for {shape[0]} images, not {wanted}{misshapen(found, shape)}"
    if not outputs.is_floating_point():
        dtype = dtype_name(outputs.dtype)
        return f"returned {wanted} of {dtype}, no floating-point numbers: is there an argmax?"
    if outputs.device != device:
        return f"returned {wanted} on {outputs.device}, while its images are on {device}"
    # A class may be ruled out by -inf, as long as another is not.
    if outputs.isnan().any() or not outputs.amax(1).isfinite().all():
        return f"returned {wanted} that are NaN or infinite, for images of mean 0 and deviation 1"
    return None
