"""Where pictures of many sizes and their masks are kept, and how crops of them are taken."""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from project.data.reading import Pair, Read, as_tensors
from project.data.workers import read_ahead
from project.values import IGNORED

# Pictures, and for each the random numbers of its crop, in [0, 2^31); none: they are whole.
Item = tuple[list[int], list[list[int]] | None]


class Store(Protocol):
    """Where pictures and masks are kept.

    Attributes:
        device: where they arrive.
        resident: whether all are in memory.
    """

    device: torch.device
    resident: bool

    def picture(self, i: int) -> Pair:
        """The i-th picture `(C, H, W)` and its mask `(H, W)`."""

    def stream(self, items: Sequence[Item], shape: tuple[int, int, int]) -> Iterator[Pair]:
        """Pictures `(b, C, H, W)` and masks `(b, H, W)` of each item; crops are of this shape."""

    def to(self, device: torch.device | str) -> "Store":
        """The same, arriving on `device`."""


class Packed:
    """Pictures and masks one after another in two flat arrays on one device.

    Args:
        images: `(channels * pixels,)` uint8 or float32.
        masks: `(pixels,)` uint8.
        sizes: `(n, 2)`, heights and widths.
    """

    resident = True

    def __init__(self, images: Tensor, masks: Tensor, sizes: np.ndarray) -> None:
        self.images, self.masks, self.sizes = images, masks, sizes
        self.offsets = [0, *np.cumsum(sizes.prod(axis=1)).tolist()]
        self.channels = len(images) // len(masks)

    @property
    def device(self) -> torch.device:
        """Where the arrays are."""
        return self.images.device

    def picture(self, i: int) -> Pair:
        """Views of the arrays."""
        start, end = self.offsets[i], self.offsets[i + 1]
        height, width = self.sizes[i].tolist()
        of_image = slice(self.channels * start, self.channels * end)
        image, mask = self.images[of_image], self.masks[start:end]
        return image.view(-1, height, width), mask.view(height, width)

    def stream(self, items: Sequence[Item], shape: tuple[int, int, int]) -> Iterator[Pair]:
        """As of `Store`."""
        for item in items:
            yield gathered(self.picture, item, shape)

    def to(self, device: torch.device | str) -> "Packed":
        """A copy on `device`; itself where it is there already."""
        images = self.images.to(device)
        if images is self.images:
            return self
        return Packed(images, self.masks.to(device), self.sizes)


class Unread:
    """Pictures and masks that are read from files whenever they are needed, by workers.

    Args:
        read: reads the i-th of the whole data set.
        start: of these among all.
        num_workers: processes that read ahead; 0: this one does.
        device: where they arrive.
    """

    resident = False

    def __init__(
        self, read: Read, start: int, num_workers: int, device: torch.device | str = "cpu"
    ) -> None:
        self.read, self.start, self.num_workers = read, start, num_workers
        self.device = torch.device(device)

    def picture(self, i: int) -> Pair:
        """Read by this process.

        Raises:
            ValueError: it can't be read; the message names it.
            OSError: likewise.
        """
        image, mask = as_tensors(*self.read(self.start + i))
        return image.to(self.device), mask.to(self.device)

    def stream(self, items: Sequence[Item], shape: tuple[int, int, int]) -> Iterator[Pair]:
        """As of `Store`, read ahead.

        Raises:
            ValueError: one can't be read; the message names it.
            OSError: likewise.
        """
        there = [([self.start + i for i in indices], draws) for indices, draws in items]
        pin = self.device.type == "cuda"
        for pair in read_ahead(_Reader(self.read, shape), there, self.num_workers, pin=pin):
            image, mask = (values.to(self.device, non_blocking=True) for values in pair)
            yield image, mask

    def to(self, device: torch.device | str) -> "Unread":
        """The same files, arriving on `device`."""
        return Unread(self.read, self.start, self.num_workers, device)


class _Reader:
    """What a worker runs."""

    def __init__(self, read: Read, shape: tuple[int, int, int]) -> None:
        self._read, self._shape = read, shape

    def __call__(self, item: Item) -> Pair:
        return gathered(lambda i: as_tensors(*self._read(i)), item, self._shape)


def gathered(picture: Callable[[int], Pair], item: Item, shape: tuple[int, int, int]) -> Pair:
    """The pictures of an item whole, all of one size, or crops of this shape.

    A crop of a side that is too short is the whole of it, at a random place between black, or
    zeros, that the mask ignores.
    """
    indices, draws = item
    found = [picture(i) for i in indices]
    if not found:
        return torch.zeros(0, *shape), torch.zeros(0, *shape[1:])
    if draws is None:
        images, masks = zip(*found, strict=True)
        return torch.stack(images), torch.stack(masks)
    image, mask = found[0]
    images = image.new_zeros(len(found), *shape)
    masks = mask.new_full((len(found), *shape[1:]), IGNORED)
    for i, ((image, mask), (row, column)) in enumerate(zip(found, draws, strict=True)):
        from_rows, to_rows = _window(mask.shape[0], shape[1], row)
        from_columns, to_columns = _window(mask.shape[1], shape[2], column)
        images[i, :, to_rows, to_columns] = image[:, from_rows, from_columns]
        masks[i, to_rows, to_columns] = mask[from_rows, from_columns]
    return images, masks


def _window(whole: int, length: int, draw: int) -> tuple[slice, slice]:
    """What of a side is taken, and where in the crop's side it is put; one of them is all."""
    offset, shorter = draw % (abs(whole - length) + 1), min(whole, length)
    some, every = slice(offset, offset + shorter), slice(0, shorter)
    return (some, every) if whole > length else (every, some)
