"""Images and masks that torchvision downloads and checks: found or fetched once, kept as files."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from torchvision.datasets.utils import download_and_extract_archive

from project.data.coding import Coding
from project.data.matching import Pairs
from project.data.official import downloading, one_line
from project.data.pair_files import raw_of
from project.data.samples import Raw
from project.hyperparameters import Hyperparameters


class Archive(NamedTuple):
    """A file to download, and its MD5 in hexadecimal."""

    url: str
    name: str
    md5: str


class Source(NamedTuple):
    """A data set of pairs.

    Attributes:
        name: as torchvision calls it.
        archives: that hold it.
        folder: into which they are downloaded and extracted.
        extracted: the folder that then holds it.
        listed: gives its pairs, or raises where a list of them is missing.
    """

    name: str
    archives: tuple[Archive, ...]
    folder: Path
    extracted: Path
    listed: Callable[[], Pairs]


def official_pairs(source: Source, coding: Coding, hparams: Hyperparameters) -> Raw:
    """The pairs of a data set, downloaded to `data_dir` on first use.

    Raises:
        OSError: the files are neither there nor could be downloaded.
        ValueError: they are damaged.
    """
    pairs = _there(source)
    if pairs is None:
        with downloading(Path(hparams.data_dir)):
            pairs = _there(source)  # another process may have fetched them meanwhile
            if pairs is None:
                _download(source)
                pairs = _there(source)
    try:
        if pairs is None:
            raise ValueError("files are missing")
        return raw_of(pairs, coding, None, hparams, within=source.extracted)
    except ValueError as error:
        raise ValueError(
            f"{source.name} in {source.extracted} is damaged ({one_line(error)}); delete that"
            " folder, and it is extracted or downloaded again"
        ) from error


def _there(source: Source) -> Pairs | None:
    """Its pairs; None: files of them are missing."""
    try:
        pairs = source.listed()
    # Missing and half-extracted lists show in many ways (RuntimeError, OSError, IndexError, ...).
    except Exception:
        return None
    there = pairs.images and all(map(os.path.exists, [*pairs.images, *pairs.masks]))
    return pairs if there else None


def _download(source: Source) -> None:
    before = {archive for archive in source.archives if (source.folder / archive.name).exists()}
    try:
        for url, name, md5 in source.archives:
            download_and_extract_archive(url, str(source.folder), filename=name, md5=md5)
    except BaseException as error:
        for archive in set(source.archives) - before:
            (source.folder / archive.name).unlink(missing_ok=True)
        if not isinstance(error, Exception):
            raise
        urls = ", ".join(archive.url for archive in source.archives)
        names = ", ".join(archive.name for archive in source.archives)
        raise OSError(
            f"{source.name} is missing or damaged in {source.folder} and can't be downloaded from"
            f" {urls} ({one_line(error)}); connect to the network, or put {names} into"
            f" {source.folder} (the folder is --data-dir's)"
        ) from error
