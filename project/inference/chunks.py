"""Images that are read together, by worker processes: hashed and decoded in one go."""

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

import numpy as np
import torch
from blake3 import blake3
from torch import Tensor

from project.data.intake import Intake, channels_first
from project.data.workers import read_ahead
from project.inference.files import content_of
from project.inference.inputs import Item

# Of one chunk's frames of a video, which go to the workers whole.
FRAME_BYTES = 2**25
# Images whose reading takes less than workers take to start.
FEW = 256


class Chunk(NamedTuple):
    """What was read of some images.

    Attributes:
        names: of each.
        hashes: BLAKE3 of each one's file, or of its pixels where a file holds several; of one that
            was not read, an empty text.
        faults: why each can't be predicted; an empty text: it can.
        groups: images of one size each, `(k, C, H, W)`.
        places: of each group, which of the chunk it holds; those of no group and without a fault
            were known before.
    """

    names: list[str]
    hashes: list[str]
    faults: list[str]
    groups: list[Tensor]
    places: list[list[int]]


@dataclass(frozen=True)
class Reader:
    """What a worker runs.

    Attributes:
        intake: decodes.
        shape: of the model's images; those of other sizes are a group each.
        known: `key` of what need not be decoded again, `(n,)` uint64, sorted.
    """

    intake: Intake
    shape: tuple[int, int, int]
    known: np.ndarray

    def __call__(self, items: list[Item]) -> Chunk:
        chunk = Chunk([item.name for item in items], [], [], [], [])
        images: list[np.ndarray] = []
        places: list[int] = []
        for i, item in enumerate(items):
            hashed, fault, image = self._read(item)
            chunk.hashes.append(hashed)
            chunk.faults.append(fault)
            if image is not None:
                images.append(image)
                places.append(i)
        self._group(chunk, images, places)
        return chunk

    def _read(self, item: Item) -> tuple[str, str, np.ndarray | None]:
        hashed = ""
        try:
            content, array = _opened(item, self.shape[0])
            whole = content.getbuffer() if content else np.ascontiguousarray(array).data
            hashed = blake3(whole).hexdigest()
            if self._is_known(key(item.name, hashed)):
                return hashed, "", None
            if content:
                return hashed, "", self.intake.read(content, item.name)
            first = channels_first(array, self.shape[0], item.name)
            return hashed, "", self.intake.fitted(first, item.name)
        except OSError as error:
            return hashed, error.strerror or str(error), None
        except ValueError as error:
            return hashed, str(error), None

    def _is_known(self, wanted: np.uint64) -> bool:
        at = int(np.searchsorted(self.known, wanted))
        return at < len(self.known) and self.known[at] == wanted

    def _group(self, chunk: Chunk, images: list[np.ndarray], places: list[int]) -> None:
        usual = [i for i, image in enumerate(images) if image.shape == self.shape]
        others = [[i] for i, image in enumerate(images) if image.shape != self.shape]
        for members in ([usual] if usual else []) + others:
            chunk.groups.append(torch.from_numpy(np.stack([images[i] for i in members])))
            chunk.places.append([places[i] for i in members])


def key(name: str, hashed: str) -> np.uint64:
    """Tells apart an image of one name and content from others."""
    return np.frombuffer(blake3(f"{hashed} {name}".encode()).digest(8), np.uint64)[0]


def chunks(
    items: Iterator[Item], reader: Reader, size: int, num_workers: int, pin: bool
) -> Iterator[Chunk]:
    """The images in pieces of `size`, read ahead; a few are read by this process.

    Raises:
        ValueError: what lists the images did.
        OSError: likewise.
    """
    first = list(islice(items, FEW))
    several = num_workers if len(first) == FEW else 0
    pieces = _pieces(_chained(first, items), size)
    return read_ahead(reader, pieces, several, pin=pin)


def _chained(first: list[Item], rest: Iterator[Item]) -> Iterator[Item]:
    first.reverse()
    while first:
        yield first.pop()
    yield from rest


def _pieces(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    piece: list[Item] = []
    n_bytes = 0
    for item in items:
        piece.append(item)
        n_bytes += 0 if item.pixels is None else item.pixels.nbytes
        if len(piece) == size or n_bytes > FRAME_BYTES:
            yield piece
            piece, n_bytes = [], 0
    if piece:
        yield piece


def _opened(item: Item, channels: int) -> tuple[io.BytesIO | None, np.ndarray]:
    """A file's content, or an array `(H, W)` or of three dimensions.

    A frame of a grey video has three equal channels, of which a model of grey images takes one.
    """
    if item.pixels is not None:
        is_grey = channels == 1 and (item.pixels == item.pixels[..., :1]).all()
        return None, item.pixels[..., :1] if is_grey else item.pixels
    if item.part is None:
        return content_of(item.path), np.empty(0)
    name, i = item.part
    found = _array(item.path, name)
    return None, found if i is None else np.asarray(found[i])


@lru_cache(maxsize=2)
def _array(path: str, name: str | None) -> np.ndarray:
    if name is None:
        return np.load(path, mmap_mode="r", allow_pickle=False)
    with np.load(path, allow_pickle=False) as found:
        return found[name]
