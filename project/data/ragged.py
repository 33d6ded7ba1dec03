"""Pictures of many sizes with their masks: random crops train, whole pictures are evaluated."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from project.data._stores import Store
from project.data.targets import OfPixels, file_content
from project.values import Tree
from project.words.returned import dtype_name


class RaggedMasks(OfPixels):
    """The masks of pictures of many sizes.

    Args:
        store: where they are kept.
        looks: `(n,)` of dtype LOOK.
        digests, strata: as of `OfPixels`.
    """

    def __init__(
        self, store: Store, looks: np.ndarray, digests: np.ndarray | None, strata: Tensor | None
    ) -> None:
        super().__init__(digests, strata)
        self.store, self.looks = store, looks

    def __len__(self) -> int:
        return len(self.looks)

    def fetch(self, indices: Tensor) -> Tensor:
        """`(b, H, W)` uint8 of masks that are all of one size."""
        return torch.stack([self.store.picture(i)[1] for i in indices.tolist()])

    def occurrences(self, indices: Tensor) -> Tensor:
        """As of `OfPixels`, counted when each was looked at."""
        return torch.from_numpy(self.looks["pixels"][indices.numpy()].astype(np.int64))

    def content(self, indices: Tensor) -> Iterator[bytes]:
        """The digests of the files; or data type, shapes and pixels, in the order of `indices`."""
        if self.digests is not None:
            yield file_content(self.digests, indices)
            return
        yield b"masks uint8 of any size"
        for i in indices.tolist():
            yield _content(self.store.picture(i)[1])

    def key(self, i: int) -> int:
        """A hash of the mask."""
        return int(self.looks["mask"][i])

    def to(self, device: torch.device | str) -> "RaggedMasks":
        """The same masks, fetched on `device`."""
        return RaggedMasks(self.store.to(device), self.looks, self.digests, self._strata)


class Ragged:
    """Pictures of many sizes, with masks.

    Args:
        store: where they are kept.
        targets: their masks.
        shape: `(channels, height, width)` of a training crop.
        dtype: of a pixel's value.
        digests: `(n, 32)` uint8, the hash of the file of each picture; None: the content hash is
            made of the pixels.
    """

    def __init__(
        self,
        store: Store,
        targets: RaggedMasks,
        shape: tuple[int, int, int],
        dtype: torch.dtype,
        digests: np.ndarray | None = None,
    ) -> None:
        self.store, self.targets, self.shape = store, targets, shape
        self.dtype, self.digests = dtype, digests
        self.resident, self.device = store.resident, store.device

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def sizes(self) -> np.ndarray:
        """Heights and widths, `(n, 2)`."""
        return self.targets.looks["size"]

    def fetch(self, indices: Tensor) -> Tensor:
        """Pictures `(b, C, H, W)` that are all of one size, whole."""
        return torch.stack([self.store.picture(i)[0] for i in indices.tolist()])

    def stream(self, indices: Tensor, sizes: Sequence[int]) -> Iterator[tuple[Tensor, Tree]]:
        """Consecutive pieces of `indices`, of these sizes: whole pictures of one size in each."""
        items = [(piece.tolist(), None) for piece in indices.split(list(sizes))]
        return self.store.stream(items, self.shape)

    def crops(
        self, indices: Tensor, sizes: Sequence[int], draws: Tensor
    ) -> Iterator[tuple[Tensor, Tree]]:
        """Like `stream`, of a random crop of each.

        Args:
            indices: `(b,)` int64.
            sizes: of the pieces.
            draws: `(b, 2)` int64 in [0, 2^31), for the row and the column of each.
        """
        pieces = zip(indices.split(list(sizes)), draws.split(list(sizes)), strict=True)
        return self.store.stream([(i.tolist(), d.tolist()) for i, d in pieces], self.shape)

    def content(self, indices: Tensor) -> Iterator[bytes]:
        """The digests of the files; or data type, shapes and pixels, in the order of `indices`."""
        if self.digests is not None:
            yield file_content(self.digests, indices)
            return
        yield f"{dtype_name(self.dtype)} of any size".encode()
        for i in indices.tolist():
            yield _content(self.store.picture(i)[0])

    def to(self, device: torch.device | str) -> "Ragged":
        """The same pictures, arriving on `device`."""
        targets = self.targets.to(device)
        return Ragged(targets.store, targets, self.shape, self.dtype, self.digests)


def _content(values: Tensor) -> bytes:
    return f"{tuple(values.shape)} ".encode() + values.cpu().numpy().tobytes()
