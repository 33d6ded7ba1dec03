"""What is true of samples: a label of each, or a mask of each one's pixels."""

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from project.cli.faults import Misuse
from project.data._mask_values import Move, mask_key, moved_masks, pixels_by_value
from project.values import IGNORED, Tree
from project.words.returned import dtype_name

CHUNK_BYTES = 16 * 2**20


class Targets(Protocol):
    """What is true of n samples.

    Attributes:
        kind: "labels" or "masks"; a task says which of them it serves.
    """

    kind: str

    def __len__(self) -> int: ...

    def strata(self) -> Tensor:
        """By which samples are split alike, `(n,)` int64 from 0 on."""

    def fetch(self, indices: Tensor) -> Tree:
        """Those of samples at `indices` `(b,)` int64, as they are kept, on their device."""

    def moved(self, found: Tree, move: Move) -> Tree:
        """Fetched ones whose images are moved so."""

    def ready(self, found: Tree) -> Tree:
        """Fetched ones as a batch has them."""

    def counts(self, indices: Tensor, n_classes: int) -> Tensor:
        """How many of each class there are at `indices`, `(n_classes,)` int64."""

    def content(self, indices: Tensor) -> Iterator[bytes]:
        """The bytes of which the content hash of those at `indices` is made."""

    def key(self, i: int) -> Any:
        """What is equal for two samples of which the same is true."""

    def to(self, device: torch.device | str) -> "Targets":
        """The same, fetched on `device`."""


class Labels:
    """A class of each sample.

    Args:
        values: `(n,)` of whole numbers.

    Attributes:
        values: `(n,)` int64, on the CPU.

    Raises:
        Misuse: the values are something else.
    """

    kind = "labels"

    def __init__(self, values: Tensor, device: torch.device | str = "cpu") -> None:
        if values.ndim != 1 or values.is_floating_point() or values.is_complex():
            raise Misuse(
                f"targets are {tuple(values.shape)} {values.dtype}, not (n,) whole numbers"
            )
        self.values = values.to("cpu", torch.int64)
        self._there = self.values.to(device)

    def __len__(self) -> int:
        return len(self.values)

    def strata(self) -> Tensor:
        """The labels."""
        return self.values

    def fetch(self, indices: Tensor) -> Tensor:
        """`(b,)` int64."""
        return self._there.index_select(0, indices.to(self._there.device))

    def moved(self, found: Tree, move: Move) -> Tree:
        """What an image shows stays the same."""
        return found

    def ready(self, found: Tree) -> Tree:
        """They are."""
        return found

    @staticmethod
    def mixed(found: Tensor, others: Tensor, shares: Tensor, n_classes: int) -> Tensor:
        """The probability of each class, `(b, n_classes)` float32, of images mixed with others.

        Args:
            found, others: labels of images and of their partners, `(b,)` int64.
            shares: `(b,)`, how much of an image is itself.
            n_classes: of all.
        """
        each = (one_hot(labels, n_classes).float() for labels in (found, others))
        own = shares.float()[:, None]
        return next(each) * own + next(each) * (1 - own)

    def counts(self, indices: Tensor, n_classes: int) -> Tensor:
        """Samples of each class."""
        return torch.bincount(self.values[indices], minlength=n_classes)

    def content(self, indices: Tensor) -> Iterator[bytes]:
        """The labels as 8 bytes each."""
        yield self.values[indices].numpy().astype("<i8").tobytes()

    def key(self, i: int) -> int:
        """The label."""
        return int(self.values[i])

    def to(self, device: torch.device | str) -> "Labels":
        """The same labels, fetched on `device`; itself where they are there already."""
        there = self._there.to(device)
        return self if there is self._there else Labels(self.values, device)


class OfPixels:
    """What masks have in common, whatever they are kept in.

    Args:
        digests: `(n, 32)` uint8, the hash of the file each mask was read from, and of what its
            values mean; None: the content hash is made of the masks.
        strata: `(n,)` of whole numbers from 0 on, by which samples are split alike; None: by
            nothing.
    """

    kind = "masks"

    def __init__(self, digests: np.ndarray | None, strata: Tensor | None) -> None:
        self.digests, self._strata = digests, strata

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__} defines no __len__()")

    def strata(self) -> Tensor:
        """Those given; else one for all."""
        if self._strata is None:
            return torch.zeros(len(self), dtype=torch.int64)
        return self._strata

    def moved(self, found: Tree, move: Move) -> Tree:
        """As the images are; what is outside of them is ignored."""
        return moved_masks(found, move)

    def ready(self, found: Tree) -> Tree:
        """`(b, H, W)` int64."""
        return found.long()

    def counts(self, indices: Tensor, n_classes: int) -> Tensor:
        """Pixels of each class, without those ignored."""
        return self.occurrences(indices).sum(0)[:n_classes]

    def occurrences(self, indices: Tensor) -> Tensor:
        """How many pixels have each value, by sample: `(b, 256)` int64 on the CPU."""
        raise NotImplementedError(f"{type(self).__name__} defines no occurrences(indices)")


class Masks(OfPixels):
    """A class of each pixel of each sample, all of one size, in one array.

    Args:
        values: `(n, H, W)` uint8, 0 to n_classes - 1, or IGNORED for what counts nowhere.
        digests, strata: as of `OfPixels`.

    Raises:
        Misuse: the values are something else.
    """

    def __init__(
        self, values: Tensor, digests: np.ndarray | None = None, strata: Tensor | None = None
    ) -> None:
        if not isinstance(values, Tensor) or values.dtype != torch.uint8 or values.ndim != 3:
            what = (
                f"{tuple(values.shape)} {dtype_name(values.dtype)}"
                if isinstance(values, Tensor)
                else type(values).__name__
            )
            raise Misuse(
                f"masks are {what}, no tensor (n, height, width) uint8 of classes from 0 on and"
                f" {IGNORED} for what is ignored"
            )
        super().__init__(digests, strata)
        self.values = values

    def __len__(self) -> int:
        return len(self.values)

    def fetch(self, indices: Tensor) -> Tensor:
        """`(b, H, W)` uint8 on the array's device."""
        return self.values.index_select(0, indices.to(self.values.device))

    def occurrences(self, indices: Tensor) -> Tensor:
        """As of `OfPixels`, counted here."""
        return torch.cat([pixels_by_value(self.fetch(piece)) for piece in self._pieces(indices)])

    def content(self, indices: Tensor) -> Iterator[bytes]:
        """Data type, shape and pixels in the order of `indices`; or the digests of the files."""
        if self.digests is not None:
            yield file_content(self.digests, indices)
            return
        yield f"masks uint8 {tuple(self.values.shape[1:])}".encode()
        for piece in self._pieces(indices):
            yield self.fetch(piece).cpu().numpy().tobytes()

    def key(self, i: int) -> bytes:
        """A hash of the mask."""
        return mask_key(self.values[i].cpu().numpy())

    def to(self, device: torch.device | str) -> "Masks":
        """A copy on `device`; itself where it is there already."""
        values = self.values.to(device)
        return self if values is self.values else Masks(values, self.digests, self._strata)

    def _pieces(self, indices: Tensor) -> tuple[Tensor, ...]:
        return indices.split(max(1, CHUNK_BYTES // max(1, self.values[0].numel())))


def file_content(digests: np.ndarray, indices: Tensor) -> bytes:
    """What is hashed of samples that come from files: their digests `(n, 32)` uint8, in order."""
    return b"files" + digests[indices.numpy()].tobytes()
