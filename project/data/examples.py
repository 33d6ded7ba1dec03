"""Samples as a person sees them: the pixels of the data set, before they are normalised."""

import numpy as np
import torch

from project.data.samples import Subset
from project.values import Example

CHANNELS = 3  # that a picture can show


def example(subset: Subset, index: int) -> Example:
    """The sample at an index of the data set, read from it again.

    Raises:
        ValueError: it can't be decoded; the message names it.
        OSError: a file can't be read.
    """
    samples, at = subset.samples, torch.tensor([index])
    image = samples.fetch(at)[0].cpu().numpy()
    target = samples.targets.fetch(at.to(samples.device))[0].cpu().numpy()
    return Example(index, shown(image), target if target.ndim else int(target))


def shown(image: np.ndarray) -> np.ndarray:
    """`(C, H, W)` uint8 or float32 as `(H, W, 3)` or `(H, W)` uint8.

    Of two channels the first is shown, of more than three the first three. Values that are no
    bytes are stretched, from the smallest to the largest one in the channel.
    """
    seen = image[:CHANNELS] if len(image) >= CHANNELS else image[:1]
    if seen.dtype != np.uint8:
        low, high = (f(seen, (1, 2), keepdims=True).astype(np.float64) for f in (np.min, np.max))
        share = (seen - low) / np.where(high > low, high - low, 1)
        seen = (share * 255).round().astype(np.uint8)
    return seen.transpose(1, 2, 0) if len(seen) > 1 else seen[0]
