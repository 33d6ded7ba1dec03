"""Your own images: a folder whose sub-folders are the classes, with images of any size."""

from collections.abc import Callable
from pathlib import Path
from typing import IO

import numpy as np
import torch

from project.cli.stage import stage
from project.data.cache import note
from project.data.decoding import check_header, decode
from project.data.files import Files
from project.data.glimpses import GLIMPSE, glimpse, remembered
from project.data.hashing import hash_files
from project.data.intake import Squares
from project.data.listing import Listing, list_images, told_skipped
from project.data.pictures import Pictures
from project.data.remembered import digests_of
from project.data.samples import Raw, Resident, Samples
from project.data.streamed import Streamed
from project.hyperparameters import Hyperparameters

DEFAULT_SIZE = 64
Open = Callable[[slice], Samples]


def load(hparams: Hyperparameters) -> Raw:
    """RGB images `(3, image_size, image_size)`, square as `fit` says; without `image_size` of 64.

    For the layout of `data_dir` see `list_images`. Images are kept in memory up to `memory_limit`
    GiB in all, and decoded by workers beyond.

    Raises:
        ValueError: the layout is another, or a file is no image; the message names it.
        OSError: a file can't be read.
    """
    size, fit = hparams.image_size or DEFAULT_SIZE, hparams.fit
    folder = Path(hparams.data_dir)
    stage("listing the images")
    listing = list_images(hparams.data_dir)
    if told := told_skipped(listing.skipped):
        note(told)
    if len(listing.paths) * 3 * size * size <= hparams.memory_limit * 2**30:
        digests, glimpses, samples = _in_memory(listing, size, fit)
    else:
        digests, glimpses, samples = _on_disk(listing, size, fit, folder, hparams.num_workers)
    train, val, test = (
        samples(part) if part else None for part in (listing.train, listing.val, listing.test)
    )
    assert train is not None
    files = Files(folder, listing.paths, digests)
    parts = [part for part in (train, val, test) if part is not None]
    pictures = Pictures(files, glimpses, parts, size, fit)
    return Raw(train, test, listing.classes, val, files, pictures, fit)


def intake(shape: tuple[int, int, int], dtype: str, hparams: Hyperparameters) -> Squares:
    """How an image becomes one of the model's."""
    return Squares(shape[1], hparams.fit)


def _in_memory(listing: Listing, size: int, fit: str) -> tuple[np.ndarray, np.ndarray, Open]:
    # Every file must be read for its pixels anyway, and to hash it then costs next to nothing.
    images = np.empty((len(listing.paths), 3, size, size), np.uint8)
    targets = torch.tensor(listing.targets)
    glimpses = np.zeros(len(images), GLIMPSE)

    def keep(i: int, file: IO[bytes]) -> None:
        found = decode(file, listing.paths[i], size, fit)
        images[i], glimpses[i] = found.pixels, glimpse(found)

    stage("reading images")
    digests = hash_files(listing.paths, keep)

    def samples(part: slice) -> Resident:
        return Resident(torch.from_numpy(images[part]), targets[part], digests[part])

    return digests, glimpses, samples


def _on_disk(
    listing: Listing, size: int, fit: str, folder: Path, num_workers: int
) -> tuple[np.ndarray, np.ndarray, Open]:
    paths, targets = listing.paths, torch.tensor(listing.targets)
    stage("hashing images")
    digests = digests_of(paths, folder, lambda i, file: check_header(file, paths[i]))
    glimpses = remembered(digests, folder, size, fit)

    def samples(part: slice) -> Streamed:
        of_files = (paths[part], targets[part], size, digests[part], num_workers)
        return Streamed(*of_files, glimpses=glimpses[part], fit=fit)

    return digests, glimpses, samples
