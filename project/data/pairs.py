"""Pictures with masks that a data set's file reads: in memory if they fit, else read as needed."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from blake3 import blake3
from torch import Tensor

from project.cli.stage import count, stage
from project.data._looked import LOOK, look, look_at_all
from project.data._stores import Packed, Unread
from project.data.ragged import Ragged, RaggedMasks
from project.data.reading import Checked, Read
from project.data.samples import Resident, Samples
from project.data.targets import Masks
from project.hyperparameters import Hyperparameters

# Of crops, where `--crop-size` doesn't say: nets halve sides a few times.
STEP, LARGEST = 32, 256


class PairPictures:
    """Tells apart pictures that were looked at: see `samples.Pictures`."""

    def __init__(self, numbers: np.ndarray, names: Sequence[str]) -> None:
        self._numbers, self._names = numbers, names

    def identify(self) -> np.ndarray:
        """A hash of each, `(n,)` uint64."""
        return self._numbers

    def name(self, i: int) -> str:
        """Of the i-th."""
        return self._names[i]


def open_pairs(
    read: Read,
    sizes: np.ndarray,
    parts: Sequence[slice | None],
    hparams: Hyperparameters,
    *,
    channels: int,
    names: Sequence[str],
    digests: np.ndarray | None = None,
    mask_digests: np.ndarray | None = None,
    dtype: type[np.generic] = np.uint8,
    strata: Tensor | None = None,
) -> tuple[list[Samples | None], PairPictures]:
    """Pictures and masks of any size, as samples of each part.

    Pictures that are all of one size, and in memory, are one array, unless `--crop-size` asks for
    crops. Others are `Ragged`: training takes crops, evaluation one whole picture after another.

    Args:
        read: gives the i-th picture and mask.
        sizes: `(n, 2)`, heights and widths.
        parts: which are train, val and test, one after the other; None: it is not there.
        hparams: of the run: the size of crops, the memory's limit, the workers.
        channels: of each picture.
        names: of the n pairs, for people.
        digests: `(n, 32)` uint8, the hash of each picture's file; None: the content hash is made of
            the pixels, for data that are not read from files.
        mask_digests: likewise of the masks, and of what their values mean.
        dtype: of a pixel: uint8 or float32.
        strata: `(n,)` int64 by which samples are split alike; None: by nothing.

    Returns:
        The samples of each part, and what `Raw.pictures` is to be.

    Raises:
        ValueError: one can't be read, or isn't what it should be; the message names it.
        OSError: a file can't be read.
    """
    sizes, names = np.asarray(sizes, np.int64).reshape(-1, 2), list(names)
    there = [part for part in parts if part is not None]
    assert there and there[0].start in (0, None) and there[-1].stop == len(sizes) == len(names)
    checked = Checked(read, sizes, channels, np.dtype(dtype), names)
    kept = None
    if digests is None or _bytes(checked) <= hparams.memory_limit * 2**30:
        *kept, looks = _read_all(checked)
    else:
        assert mask_digests is not None
        joined = _joined(digests, mask_digests)
        looks = look_at_all(checked, sizes, joined, Path(hparams.data_dir), hparams.num_workers)
    is_even = len(np.unique(sizes, axis=0)) == 1
    opened = _Opened(
        checked,
        kept,
        looks,
        (digests, mask_digests, strata),
        _crop(sizes[there[0]], hparams.crop_size, is_even),
        hparams.num_workers,
        whole=is_even and hparams.crop_size is None,
    )
    found = [None if part is None else opened.samples(part) for part in parts]
    return found, PairPictures(looks["image"], names)


@dataclass(frozen=True, eq=False)
class _Opened:
    """All pictures and masks, of which parts are samples.

    Attributes:
        read: reads them.
        kept: in memory, one after another; None: they are not.
        looks: what is kept of each.
        known: digests of pictures and masks, and strata, of which each may be None.
        crop: its height and width.
        num_workers: processes that read.
        whole: whether all are of one size, and none is cropped.
    """

    read: Checked
    kept: list[Tensor] | None
    looks: np.ndarray
    known: tuple[np.ndarray | None, np.ndarray | None, Tensor | None]
    crop: tuple[int, int]
    num_workers: int
    whole: bool

    def samples(self, part: slice) -> Samples:
        """Those of one part."""
        channels, sizes = self.read.channels, self.read.sizes[part]
        digests, *of_masks = (None if each is None else each[part] for each in self.known)
        before = range(len(self.looks))[part].start
        if self.kept is None:
            store = Unread(self.read, before, self.num_workers)
        else:
            start, n = _pixels(self.read.sizes[:before]), _pixels(sizes)
            images = self.kept[0].narrow(0, channels * start, channels * n)
            masks = self.kept[1].narrow(0, start, n)
            if self.whole:
                targets = Masks(masks.view(-1, *self.crop), *of_masks)
                return Resident(images.view(-1, channels, *self.crop), targets, digests)
            store = Packed(images, masks, sizes)
        targets = RaggedMasks(store, self.looks[part], *of_masks)
        dtype = getattr(torch, self.read.dtype.name)
        return Ragged(store, targets, (channels, *self.crop), dtype, digests)


def _pixels(sizes: np.ndarray) -> int:
    return int(sizes.prod(axis=1).sum())


def _bytes(read: Checked) -> int:
    """What all pictures and masks take in memory."""
    return _pixels(read.sizes) * (read.channels * read.dtype.itemsize + 1)


def _read_all(read: Checked) -> tuple[Tensor, Tensor, np.ndarray]:
    """All pictures and masks in two flat arrays, and what is kept of each."""
    stage("reading pictures")
    ends = np.cumsum(read.sizes.prod(axis=1))
    images = np.empty(read.channels * int(ends[-1]), read.dtype)
    masks = np.empty(int(ends[-1]), np.uint8)
    looks = np.zeros(len(ends), LOOK)

    def keep(i: int) -> None:
        image, mask = read(i)
        end = int(ends[i])
        start = end - mask.size
        of_image = slice(read.channels * start, read.channels * end)
        images[of_image], masks[start:end] = image.ravel(), mask.ravel()
        looks[i] = look(image, mask)

    with ThreadPoolExecutor() as pool:
        for i, _ in enumerate(pool.map(keep, range(len(ends))), start=1):
            count(i, len(ends))
    return torch.from_numpy(images), torch.from_numpy(masks), looks


def _crop(sizes: np.ndarray, asked: int | None, is_even: bool) -> tuple[int, int]:
    """Height and width of a crop.

    Where it is not asked for: pictures of one size whole; else the largest multiple of 32 that
    the shorter sides of half of the training pictures have, from 32 to 256.
    """
    if asked is not None:
        return asked, asked
    if is_even:
        height, width = sizes[0].tolist()
        return height, width
    usual = int(np.median(sizes.min(axis=1))) // STEP * STEP
    side = min(LARGEST, max(STEP, usual))
    return side, side


def _joined(digests: np.ndarray, mask_digests: np.ndarray) -> np.ndarray:
    """A digest `(n, 32)` uint8 of the two of each pair."""
    both = (blake3(row.tobytes()).digest() for row in np.hstack([digests, mask_digests]))
    return np.frombuffer(b"".join(both), np.uint8).reshape(-1, 32)
