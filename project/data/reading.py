"""How a picture and its mask are read: by a data set's own file, in any process."""

from typing import Protocol

import numpy as np
import torch
from torch import Tensor

Pair = tuple[Tensor, Tensor]


class Read(Protocol):
    """Reads pictures with their masks; workers get a copy of it, so it can be pickled.

    Attributes:
        mark: letters, digits and hyphens that tell apart ways of reading the same files.
    """

    mark: str

    def __call__(self, i: int) -> tuple[np.ndarray, np.ndarray]:
        """The i-th picture `(C, H, W)` uint8 or float32, and its mask `(H, W)` uint8.

        Raises:
            ValueError: it can't be read, or isn't what it should be; the message names the file.
            OSError: likewise.
        """


class Checked:
    """Reads like another, and refuses what has not the promised shape.

    Args:
        read: the other.
        sizes: `(n, 2)`, promised heights and widths.
        channels: promised.
        dtype: promised.
        names: of the pairs, for people.
    """

    def __init__(
        self, read: Read, sizes: np.ndarray, channels: int, dtype: np.dtype, names: list[str]
    ) -> None:
        self.read, self.sizes, self.channels, self.dtype = read, sizes, channels, np.dtype(dtype)
        self.names, self.mark = names, f"{read.mark}-{channels}-{self.dtype}"

    def __call__(self, i: int) -> tuple[np.ndarray, np.ndarray]:
        image, mask = self.read(i)
        size = tuple(self.sizes[i].tolist())
        if mask.shape != size or mask.dtype != np.uint8:
            raise ValueError(
                f"the mask of {self.names[i]} is {_told(mask)}, its picture has"
                f" {size[0]} x {size[1]} pixels; make them of one size"
            )
        if image.shape != (self.channels, *size) or image.dtype != self.dtype:
            expected = f"{(self.channels, *size)} {self.dtype}"
            raise ValueError(
                f"the picture {self.names[i]} is {_told(image)}, not {expected}, as channels,"
                " height and width of the others' kind"
            )
        if image.dtype != np.uint8 and not np.isfinite(image).all():
            raise ValueError(f"the picture {self.names[i]} has values that are NaN or infinite")
        return image, mask


def as_tensors(image: np.ndarray, mask: np.ndarray) -> Pair:
    """The arrays as tensors, without a copy where they may be written to."""
    image, mask = (torch.from_numpy(np.require(x, requirements="CW")) for x in (image, mask))
    return image, mask


def _told(values: np.ndarray) -> str:
    return f"{values.shape} {values.dtype}"
