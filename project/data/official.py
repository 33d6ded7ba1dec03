"""Data sets that torchvision downloads and checks: found or fetched once, kept as whole arrays."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torchvision.datasets import CIFAR10, MNIST, VisionDataset

from project.data.files import Files
from project.data.hashing import hash_files
from project.data.samples import Raw, Resident
from project.files import lock
from project.hyperparameters import Hyperparameters

TIMEOUT_SECONDS = 30.0


def official(source: type[VisionDataset], hparams: Hyperparameters) -> Raw:
    """The training and test split of a torchvision data set, downloaded to `data_dir` on first use.

    Raises:
        OSError: the files are neither there nor could be downloaded.
        ValueError: the files are damaged.
    """
    root = Path(hparams.data_dir)
    try:
        return _read(source, root)
    # Missing and half-extracted files show in many ways (RuntimeError, AssertionError, KeyError,
    # UnpicklingError, ...); another process may also be extracting them just now, under the lock.
    except Exception:
        with downloading(root):
            _download(source, root)
    try:
        return _read(source, root)
    # As above; but now the files are there, and their content is to blame.
    except Exception as error:
        raise ValueError(
            f"{source.__name__} in {_layout(source, root).extracted} is damaged"
            f" ({one_line(error)}); delete that folder, and it is downloaded again"
        ) from error


def _read(source: type[VisionDataset], root: Path) -> Raw:
    train, test = source(root, train=True), source(root, train=False)
    paths = _layout(source, root).extracted_files()
    files = Files(root, paths, hash_files(paths))
    return Raw(_samples(train), _samples(test), tuple(train.classes), files=files)


def _samples(part: VisionDataset) -> Resident:
    """The arrays as they are, never image by image: grey `(n, H, W)` or colour `(n, H, W, 3)`."""
    images = torch.as_tensor(part.data)
    images = images[:, None] if images.ndim == 3 else images.permute(0, 3, 1, 2)
    targets = torch.as_tensor(np.asarray(part.targets))
    if len(images) != len(targets):
        raise ValueError(f"{len(images)} images, but {len(targets)} labels")
    return Resident(images.contiguous(), targets)


@contextmanager
def downloading(root: Path) -> Iterator[None]:
    """One process at a time, and none that waits for ever for a network that drops its packets."""
    (root / ".cache").mkdir(parents=True, exist_ok=True)
    before = socket.getdefaulttimeout()
    with lock(root / ".cache" / "download.lock"):
        socket.setdefaulttimeout(TIMEOUT_SECONDS)
        try:
            yield
        finally:
            socket.setdefaulttimeout(before)


def _download(source: type[VisionDataset], root: Path) -> None:
    layout = _layout(source, root)
    before = set(layout.files())
    # The constructor would also read the files, and damage would look like the network's fault.
    part = source.__new__(source)
    VisionDataset.__init__(part, root)
    try:
        part.download()
    except BaseException as error:
        for path in set(layout.files()) - before:
            path.unlink()
        if not isinstance(error, Exception):
            raise
        raise OSError(
            f"{source.__name__} is missing or damaged in {root} and can't be downloaded from"
            f" {layout.url} ({one_line(error)}); connect to the network, or put"
            f" {', '.join(layout.archives)} into {layout.folder} (the folder is --data-dir's)"
        ) from error


class _Layout(NamedTuple):
    """Where a data set comes from, and where its archives and its extracted files belong."""

    url: str
    archives: tuple[str, ...]
    folder: Path
    extracted: Path

    def files(self) -> list[Path]:
        """All that is there now."""
        archives = [self.folder / name for name in self.archives]
        found = {*archives, *self.extracted.glob("*")}
        return [path for path in found if path.is_file()]

    def extracted_files(self) -> list[str]:
        """Paths of what the data set is read from, sorted."""
        return sorted(str(path) for path in self.files() if path.name not in self.archives)


def _layout(source: type[VisionDataset], root: Path) -> _Layout:
    if issubclass(source, MNIST):
        raw = root / source.__name__ / "raw"
        return _Layout(source.mirrors[0], tuple(name for name, _ in source.resources), raw, raw)
    assert issubclass(source, CIFAR10)
    return _Layout(source.url, (source.filename,), root, root / source.base_folder)


def one_line(error: Exception) -> str:
    """What an error says, in a line."""
    return " ".join(str(error).split()) or type(error).__name__
