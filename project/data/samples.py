"""Labelled images, fetched by index: the interface, and the one array that stays on a device."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from project.cli.faults import Misuse
from project.data.files import Files

CHUNK_BYTES = 16 * 2**20


class Samples(Protocol):
    """Labelled images of one source.

    Attributes:
        targets: `(n,)` int64, on the CPU.
        shape: `(channels, height, width)` of an image.
        device: where images arrive.
        resident: whether all images are in memory already, so that fetching many at once is cheap.
    """

    targets: Tensor
    shape: tuple[int, int, int]
    device: torch.device
    resident: bool

    def __len__(self) -> int: ...

    def fetch(self, indices: Tensor) -> Tensor:
        """Images `(b, C, H, W)` uint8 at `indices` `(b,)` int64."""

    def stream(self, indices: Tensor, sizes: Sequence[int]) -> Iterator[tuple[Tensor, Tensor]]:
        """Images and targets of consecutive pieces of `indices`, of these sizes, on the device."""

    def content(self, indices: Tensor) -> Iterator[bytes]:
        """The bytes of which the content hash of the images at `indices` is made."""

    def to(self, device: torch.device | str) -> "Samples":
        """The same samples, arriving on `device`."""


@dataclass(frozen=True, eq=False)
class Raw:
    """What a data set's file loads: its official splits and its class names.

    Attributes:
        train: the training samples.
        test: the official test samples; None: they are split off `train`.
        classes: names, by target.
        val: the official validation samples; None: they are split off `train`.
        files: that they were read from; None: there are none of this data set's own.
        pictures: by which the same images are found; None: all are in memory, and are compared.
        fit: how pictures of any shape became squares; None: that was not done.
    """

    train: Samples
    test: Samples | None
    classes: tuple[str, ...]
    val: Samples | None = None
    files: Files | None = None
    pictures: "Pictures | None" = None
    fit: str | None = None


class Pictures(Protocol):
    """Tells apart the images of a data set: those of train, val and test, one after the other."""

    def identify(self) -> np.ndarray:
        """Numbers `(n,)`, equal for images whose pixels, before they are resized, are equal."""

    def name(self, i: int) -> str:
        """Of the i-th image, for people."""


@dataclass(frozen=True, eq=False)
class Subset:
    """The samples of one split: `indices` `(n,)` int64, on the CPU, into `samples`."""

    samples: Samples
    indices: Tensor

    def __len__(self) -> int:
        return len(self.indices)

    @property
    def targets(self) -> Tensor:
        """`(n,)` int64, on the CPU."""
        return self.samples.targets[self.indices]


class Resident:
    """One uint8 array of images with its targets, on one device.

    Args:
        images: `(n, C, H, W)` uint8.
        targets: `(n,)` integers.
        digests: `(n, 32)` uint8, the hash of the file each image was decoded from; None: the
            content hash is made of the pixels.

    Raises:
        Misuse: images or targets are something else.
    """

    resident = True

    def __init__(self, images: Tensor, targets: Tensor, digests: np.ndarray | None = None) -> None:
        _check(images, targets)
        self.images = images
        self.targets = targets.to("cpu", torch.int64)
        self.shape = (images.shape[1], images.shape[2], images.shape[3])
        self.digests = digests
        self._targets_there = self.targets.to(images.device)

    @property
    def device(self) -> torch.device:
        """Where the array is."""
        return self.images.device

    def __len__(self) -> int:
        return len(self.images)

    def fetch(self, indices: Tensor) -> Tensor:
        """Images `(b, C, H, W)` uint8 on the array's device."""
        return self.images.index_select(0, indices.to(self.device))

    def stream(self, indices: Tensor, sizes: Sequence[int]) -> Iterator[tuple[Tensor, Tensor]]:
        """Images and targets of consecutive pieces of `indices`, of these sizes, on the device."""
        # All indices go to the device at once: a copy per piece would wait for it each time.
        for piece in indices.to(self.device).split(list(sizes)):
            yield self.images.index_select(0, piece), self._targets_there.index_select(0, piece)

    def content(self, indices: Tensor) -> Iterator[bytes]:
        """Data type, shape and pixels in the order of `indices`; or the digests of the files."""
        if self.digests is not None:
            yield from file_content(self.digests, indices)
            return
        yield f"uint8 {self.shape}".encode()
        per_chunk = max(1, CHUNK_BYTES // self.images[0].numel())
        for piece in indices.split(per_chunk):
            yield self.fetch(piece).cpu().numpy().tobytes()

    def to(self, device: torch.device | str) -> "Resident":
        """A copy on `device`; itself where it is there already."""
        images = self.images.to(device)
        return self if images is self.images else Resident(images, self.targets, self.digests)


def _check(images: Any, targets: Any) -> None:
    for name, value in (("images", images), ("targets", targets)):
        if not isinstance(value, Tensor):
            kind = f"{type(value).__module__}.{type(value).__name__}".removeprefix("builtins.")
            raise Misuse(f"{name} are {kind}, no torch.Tensor: torch.as_tensor makes one")
    if images.dtype != torch.uint8:
        raise Misuse(f"images are {images.dtype}, not torch.uint8, of 0..255")
    if images.ndim != 4:
        raise Misuse(f"images are {tuple(images.shape)}, not (n, channels, height, width)")
    if targets.ndim != 1 or targets.is_floating_point() or targets.is_complex():
        raise Misuse(f"targets are {tuple(targets.shape)} {targets.dtype}, not (n,) whole numbers")
    if len(images) != len(targets):
        raise Misuse(f"there are {len(images)} images, but {len(targets)} targets")


def file_content(digests: np.ndarray, indices: Tensor) -> Iterator[bytes]:
    """The hashed bytes of images that come from files: their digests `(n, 32)` uint8, in order."""
    yield b"files"
    yield digests[indices.numpy()].tobytes()
