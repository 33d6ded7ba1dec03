"""Images and what is true of them, by index: the interface, and one array on a device."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from project.cli.faults import Misuse
from project.data.files import Files
from project.data.normalisation import UNITS
from project.data.targets import CHUNK_BYTES, Labels, Masks, Targets, file_content
from project.values import Tree
from project.words.returned import dtype_name


class Samples(Protocol):
    """Images of one source, and what is true of them.

    Attributes:
        targets: what is true of each.
        shape: `(channels, height, width)` of an image.
        dtype: of a pixel's value: uint8, of 0 to 255, or float32, of any.
        device: where images arrive.
        resident: whether all images are in memory already, so that fetching many at once is cheap.
    """

    targets: Targets
    shape: tuple[int, int, int]
    dtype: torch.dtype
    device: torch.device
    resident: bool

    def __len__(self) -> int: ...

    def fetch(self, indices: Tensor) -> Tensor:
        """Images `(b, C, H, W)` at `indices` `(b,)` int64."""

    def stream(self, indices: Tensor, sizes: Sequence[int]) -> Iterator[tuple[Tensor, Tree]]:
        """Images and targets of consecutive pieces of `indices`, of these sizes, on the device.

        Targets are as `Targets.fetch` gives them.
        """

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

    @property
    def kind(self) -> str:
        """What is true of the samples: "labels" or "masks"."""
        return self.train.targets.kind

    @property
    def sources(self) -> "list[Samples]":
        """Where its samples are, as `pictures` counts them."""
        return [part for part in (self.train, self.val, self.test) if part is not None]

    def start(self, samples: "Samples") -> int:
        """The number of the first of `samples`, one of the sources, among all of them."""
        before = list(takewhile(lambda source: source is not samples, self.sources))
        return sum(map(len, before))


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
    def kind(self) -> str:
        """What is true of the samples: "labels" or "masks"."""
        return self.samples.targets.kind

    @property
    def targets(self) -> Tree:
        """What is true of its samples, as batches have it, where samples arrive."""
        every = self.samples.targets
        return every.ready(every.fetch(self.indices))


class Resident:
    """One array of images with what is true of them, on one device.

    Args:
        images: `(n, C, H, W)` uint8 of 0 to 255, or float32 of any finite values.
        targets: `Labels` or `Masks`; or the labels, `(n,)` integers.
        digests: `(n, 32)` uint8, the hash of the file each image was decoded from; None: the
            content hash is made of the pixels.

    Raises:
        Misuse: images or targets are something else.
    """

    resident = True

    def __init__(
        self, images: Tensor, targets: Tensor | Targets, digests: np.ndarray | None = None
    ) -> None:
        _check(images, targets)
        self.images = images
        found = Labels(targets) if isinstance(targets, Tensor) else targets
        self.targets: Targets = found.to(images.device)
        self.shape = (images.shape[1], images.shape[2], images.shape[3])
        self.digests = digests

    @property
    def device(self) -> torch.device:
        """Where the array is."""
        return self.images.device

    @property
    def dtype(self) -> torch.dtype:
        """The array's."""
        return self.images.dtype

    def __len__(self) -> int:
        return len(self.images)

    def fetch(self, indices: Tensor) -> Tensor:
        """Images `(b, C, H, W)` on the array's device."""
        return self.images.index_select(0, indices.to(self.device))

    def stream(self, indices: Tensor, sizes: Sequence[int]) -> Iterator[tuple[Tensor, Tree]]:
        """Images and targets of consecutive pieces of `indices`, of these sizes, on the device."""
        # All indices go to the device at once: a copy per piece would wait for it each time.
        for piece in indices.to(self.device).split(list(sizes)):
            yield self.images.index_select(0, piece), self.targets.fetch(piece)

    def content(self, indices: Tensor) -> Iterator[bytes]:
        """Data type, shape and pixels in the order of `indices`; or the digests of the files."""
        if self.digests is not None:
            yield file_content(self.digests, indices)
            return
        yield f"{dtype_name(self.dtype)} {self.shape}".encode()
        per_chunk = max(1, CHUNK_BYTES // self.images[0].nbytes)
        for piece in indices.split(per_chunk):
            yield self.fetch(piece).cpu().numpy().tobytes()

    def to(self, device: torch.device | str) -> "Resident":
        """A copy on `device`; itself where it is there already."""
        images = self.images.to(device)
        return self if images is self.images else Resident(images, self.targets, self.digests)


def _check(images: Any, targets: Any) -> None:
    allowed = {"images": (Tensor,), "targets": (Tensor, Labels, Masks)}
    for name, value in (("images", images), ("targets", targets)):
        if not isinstance(value, allowed[name]):
            kind = f"{type(value).__module__}.{type(value).__name__}".removeprefix("builtins.")
            raise Misuse(f"{name} are {kind}, no torch.Tensor: torch.as_tensor makes one")
    if images.dtype not in UNITS:
        raise Misuse(f"images are {images.dtype}, not torch.uint8, of 0..255, or torch.float32")
    if images.ndim != 4:
        raise Misuse(f"images are {tuple(images.shape)}, not (n, channels, height, width)")
    if isinstance(targets, Tensor):
        targets = Labels(targets)
    if len(images) != len(targets):
        raise Misuse(f"there are {len(images)} images, but {len(targets)} targets")
    if isinstance(targets, Masks) and targets.values.shape[1:] != images.shape[2:]:
        sizes = ["x".join(map(str, each.shape[-2:])) for each in (images, targets.values)]
        raise Misuse(f"images are of {sizes[0]} pixels (height, width), but masks of {sizes[1]}")
