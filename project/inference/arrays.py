"""Arrays of a person's program as images `(n, C, H, W)`."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

Arrays = Tensor | np.ndarray | Sequence[np.ndarray]


def as_images(given: Arrays, channels: int, dtype: torch.dtype, bgr: bool = False) -> Tensor:
    """Images as a model takes them, but for their size.

    Args:
        given: a tensor `(n, C, H, W)` or `(C, H, W)`; an array `(H, W)`, `(H, W, C)` or
            `(n, H, W, C)`; or a list of arrays of one size.
        channels: that the model takes.
        dtype: that the model takes; other real numbers become float32, but none becomes a byte.
        bgr: whether the channels of arrays are blue, green, red.

    Raises:
        ValueError: they are of another kind.
    """
    if isinstance(given, Tensor):
        return given if given.ndim == 4 else given[None]
    if isinstance(given, np.ndarray):
        several = given if given.ndim == 4 else given[None]
    else:
        several = stacked(list(map(np.asarray, given)))
    several = several[..., None] if several.ndim == 3 else several
    if several.ndim != 4:
        raise ValueError(f"an image is {several.shape[1:]}, not (height, width, channels)")
    if several.shape[3] != channels:
        raise ValueError(f"images have {several.shape[3]} channels, and the model takes {channels}")
    if bgr and channels != 3:
        raise ValueError(f"bgr is an order of 3 channels, and the model takes {channels}")
    ordered = several[..., ::-1] if bgr else several
    if dtype == torch.float32 and ordered.dtype.kind in "buif":
        ordered = ordered.astype(np.float32)
    first = np.ascontiguousarray(ordered.transpose(0, 3, 1, 2))
    return torch.from_numpy(first)


def stacked(each: Sequence[np.ndarray]) -> np.ndarray:
    """Images of one size as one array.

    Raises:
        ValueError: they are of other sizes, or there are none.
    """
    shapes = {one.shape for one in each}
    if len(shapes) > 1:
        raise ValueError(f"images are of other sizes, {' and '.join(map(str, sorted(shapes)))}")
    if not each:
        raise ValueError("there are no images")
    return np.stack(each)
