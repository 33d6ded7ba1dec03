"""Images and their masks in files: hashed, checked, and read as samples of one data set."""

import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from blake3 import blake3

from project.cli.stage import stage
from project.data._fit import fitted_array, fitted_image
from project.data.coding import Coding, of_masks
from project.data.files import Files, names_below
from project.data.hashing import hash_files
from project.data.inputs import laid_out, read_image
from project.data.mask_files import coded, read_mask
from project.data.matching import Pairs
from project.data.pair_facts import REAL, PairFacts, facts_of, shape_of, values_of
from project.data.pairs import open_pairs
from project.data.samples import Raw
from project.hyperparameters import Hyperparameters
from project.values import IGNORED


@dataclass(frozen=True)
class Reader:
    """The i-th image `(C, H, W)` uint8 or float32, and its mask `(H, W)` uint8; workers call it.

    Attributes:
        images, masks: paths.
        coding: what the masks mean.
        channels: of a picture.
        is_real: whether images are float32.
        sizes: `(n, 2)`, height and width of each.
        square: pixels a side to which both are resized; None: they stay as they are.
        fit: how they become squares.
    """

    images: Sequence[str]
    masks: Sequence[str]
    coding: Coding
    channels: int
    is_real: bool
    sizes: np.ndarray
    square: int | None
    fit: str

    @property
    def mark(self) -> str:
        """Of how files become pairs."""
        return "paired" if self.square is None else f"paired-{self.square}-{self.fit}"

    def __call__(self, i: int) -> tuple[np.ndarray, np.ndarray]:
        """Raises ValueError or OSError where one can't be read; it names the file."""
        height, width = self.sizes[i].tolist()
        image = read_image(_content(self.images[i]), self.images[i], self.channels, (height, width))
        image = image.astype(np.float32, copy=False) if self.is_real else image
        found = read_mask(_content(self.masks[i]), self.masks[i], self.coding.is_of_colours)
        mask = coded(found, self.coding, self.masks[i])
        if self.square is None:
            return image, mask
        of_square = self.square, self.fit
        return (
            fitted_image(image, *of_square),
            fitted_array(mask, *of_square, IGNORED),
        )


def _content(path: str) -> io.BytesIO:
    with open(path, "rb") as file:
        return io.BytesIO(file.read())


def raw_of(
    pairs: Pairs,
    coding: Coding | None,
    ignored: int | None,
    hparams: Hyperparameters,
    others: Sequence[str] = (),
    within: Path | None = None,
) -> Raw:
    """The samples of these pairs, at their own sizes or as squares of `image_size`.

    Args:
        pairs: of files.
        coding: what the masks mean; None: their values are the classes.
        ignored: the value that is ignored where there is no coding; None: none is.
        hparams: of the run.
        others: further files that the data set is made of.
        within: the folder that all files are in, if it is not that of `pairs`.

    Raises:
        ValueError: a file can't be read, a mask has another size than its image, or an unknown
            value, or the images have other channels; the message names a file.
        OSError: a file can't be read.
    """
    found = facts_of(pairs.images, pairs.masks, coding, ignored, within or pairs.folder)
    coding = coding or _of_values(pairs, found, ignored)
    channels = _channels(pairs, found)
    sizes, square = found.masks["shape"][:, :2], hparams.image_size
    is_real = bool((found.images["flags"] & REAL).any())
    how = (channels, is_real, sizes, square, hparams.fit)
    reader, means = Reader(pairs.images, pairs.masks, coding, *how), coding.key()
    stage("reading images and masks")
    (train, val, test), pictures = open_pairs(
        reader,
        sizes if square is None else np.full_like(sizes, square),
        (pairs.train, pairs.val, pairs.test),
        hparams,
        channels=channels,
        names=names_below(pairs.folder, pairs.images),
        digests=found.image_digests,
        mask_digests=np.array([_meant(row, means) for row in found.mask_digests]),
        dtype=np.float32 if is_real else np.uint8,
    )
    assert train is not None
    digests = np.concatenate([found.image_digests, found.mask_digests, hash_files(others)])
    files = Files(pairs.folder, [*pairs.images, *pairs.masks, *others], digests)
    fit = None if square is None else hparams.fit
    return Raw(train, test, coding.classes, val, files, pictures, fit)


def _of_values(pairs: Pairs, found: PairFacts, ignored: int | None) -> Coding:
    """The classes that the values of training masks are; masks with others are refused."""
    values = [values_of(fact) for fact in found.masks]
    coding = of_masks(values[pairs.train], pairs.masks[pairs.train], ignored)
    for path, row in zip(pairs.masks, values, strict=True):
        coded(np.array([row], np.int64), coding, path)
    return coding


def _channels(pairs: Pairs, found: PairFacts) -> int:
    """How many channels all images have: pictures 1 if all are grey, else 3.

    Raises:
        ValueError: a mask has another size than its image, or there are other channels too.
    """
    of_pictures, first = int(found.images["channels"].max()), None
    for i, (image, mask) in enumerate(zip(found.images, found.masks, strict=True)):
        shape, (height, width) = shape_of(image), shape_of(mask)
        at = laid_out(shape, (height, width))
        if at == -1:
            raise ValueError(
                f"the mask {pairs.masks[i]} is {height} x {width} (height x width), but its image"
                f" {os.path.basename(pairs.images[i])} {' x '.join(map(str, shape))}; save both at"
                " one size"
            )
        own = of_pictures if image["channels"] else 1 if at is None else shape[at]
        first = own if first is None else first
        if own != first:
            raise ValueError(
                f"{pairs.images[i]} has {own} channels, but {pairs.images[0]} has {first}; all"
                " images need as many"
            )
    assert first is not None
    return first


def _meant(digest: np.ndarray, means: bytes) -> np.ndarray:
    """The hash of a mask's file and of what its values mean."""
    return np.frombuffer(blake3(digest.tobytes() + means).digest(), np.uint8)
