"""Images that do not fit in memory: worker processes read and decode them as they are needed."""

import io
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from project.data._fit import CROP
from project.data.decoding import decode
from project.data.glimpses import GLIMPSE, glimpse
from project.data.targets import Labels, file_content
from project.data.workers import read_ahead


class Streamed:
    """Image files with their targets, decoded whenever they are fetched.

    Args:
        paths: of the n files.
        targets: `(n,)` int64.
        size: pixels a side of the decoded images, which are `(3, size, size)`.
        digests: `(n, 32)` uint8, each file's hash.
        num_workers: processes that decode; 0: the training process itself does.
        device: where images arrive.
        glimpses: `(n,)` of dtype GLIMPSE, filled in of what is not known as images are decoded.
        fit: how pictures become squares.
    """

    resident = False
    dtype = torch.uint8

    def __init__(
        self,
        paths: Sequence[str],
        targets: Tensor,
        size: int,
        digests: np.ndarray,
        num_workers: int,
        device: torch.device | str = "cpu",
        glimpses: np.ndarray | None = None,
        fit: str = CROP,
    ) -> None:
        assert len(paths) == len(targets) == len(digests)
        self.glimpses = np.zeros(len(paths), GLIMPSE) if glimpses is None else glimpses
        self.paths, self.targets, self.digests = paths, Labels(targets, device), digests
        self.shape, self.fit = (3, size, size), fit
        self.num_workers = num_workers
        self.device = torch.device(device)

    def __len__(self) -> int:
        return len(self.paths)

    def fetch(self, indices: Tensor) -> Tensor:
        """Images `(b, C, H, W)` uint8, decoded by this process.

        Raises:
            ValueError: an image can't be decoded; the message names it.
            OSError: a file can't be read.
        """
        return self._decoder()(indices.tolist())[0].to(self.device)

    def stream(self, indices: Tensor, sizes: Sequence[int]) -> Iterator[tuple[Tensor, Tensor]]:
        """Images and targets of consecutive pieces of `indices`, of the given sizes, decoded ahead.

        Raises:
            ValueError: an image can't be decoded; the message names it.
            OSError: a file can't be read.
        """
        pieces = indices.split(list(sizes))
        known = self.glimpses["flags"][indices.numpy()]
        arriving = read_ahead(
            self._decoder(with_glimpses=not known.all()),
            [piece.tolist() for piece in pieces],
            self.num_workers,
            pin=self.device.type == "cuda",
        )
        for (images, glimpses), piece in zip(arriving, pieces, strict=True):
            if glimpses is not None:
                self.glimpses[piece.numpy()] = glimpses.numpy().view(GLIMPSE).ravel()
            yield images.to(self.device, non_blocking=True), self.targets.fetch(piece)

    def content(self, indices: Tensor) -> Iterator[bytes]:
        """The digests of the files in the order of `indices`."""
        yield file_content(self.digests, indices)

    def to(self, device: torch.device | str) -> "Streamed":
        """The same files, whose images arrive on `device`."""
        return Streamed(
            self.paths,
            self.targets.values,
            self.shape[1],
            self.digests,
            self.num_workers,
            device,
            self.glimpses,
            self.fit,
        )

    def _decoder(self, with_glimpses: bool = False) -> "_Decoder":
        return _Decoder(self.paths, self.shape[1], self.fit, with_glimpses)


Arriving = tuple[Tensor, Tensor | None]


class _Decoder:
    """What a worker runs: lists of indices become images.

    With images come, where they are asked for, glimpses as bytes `(b, m)` uint8.
    """

    def __init__(self, paths: Sequence[str], size: int, fit: str, with_glimpses: bool) -> None:
        self.paths, self.size, self.fit, self.with_glimpses = paths, size, fit, with_glimpses

    def __call__(self, indices: list[int]) -> Arriving:
        images = np.empty((len(indices), 3, self.size, self.size), np.uint8)
        glimpses = np.zeros(len(indices), GLIMPSE)
        for i, index in enumerate(indices):
            with open(self.paths[index], "rb") as file:
                content = io.BytesIO(file.read())
            found = decode(content, self.paths[index], self.size, self.fit)
            images[i] = found.pixels
            if self.with_glimpses:
                glimpses[i] = glimpse(found)
        as_bytes = glimpses.view(np.uint8).reshape(len(indices), -1)
        return torch.from_numpy(images), torch.from_numpy(as_bytes) if self.with_glimpses else None
