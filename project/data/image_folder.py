"""Your own images: a folder whose sub-folders are the classes, with images of any size."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from blake3 import blake3

from project.data._image import EXTENSIONS, check_header, decode
from project.data._samples import Raw, Resident, Samples
from project.data._streamed import Streamed
from project.hyperparameters import Hyperparameters

DEFAULT_SIZE = 64
LAYOUT = "images belong into one sub-folder per class, as in DATA_DIR/cat/1.jpg"
VAL_FOLDERS = ("val", "valid", "validation")
SUBMITTED = 4096  # files at once: a million pending calls would take a gigabyte


class Files(NamedTuple):
    """The image files of one split, sorted by class and name, and their targets."""

    paths: list[str]
    targets: list[int]


def load(hparams: Hyperparameters) -> Raw:
    """RGB images `(3, image_size, image_size)`; `image_size` is 64 if not given.

    The sub-folders of `data_dir` are the classes; or they are official splits, if there are no others
    than `train`, `val` and `test`, whose sub-folders are the classes. They are kept in memory up to
    `memory_limit` GiB in all, and decoded by workers beyond.

    Raises:
        ValueError: the folder is missing or has no classes, a class has no images, or a file is no
            image; the message names it.
        OSError: a file can't be read.
    """
    size = hparams.image_size or DEFAULT_SIZE
    train, val, test = _split_folders(_existing(hparams.data_dir))
    classes = _class_names(train)
    splits = [_list(folder, classes) for folder in (train, val, test) if folder]
    n = sum(len(files.paths) for files in splits)
    fits = n * 3 * size * size <= hparams.memory_limit * 2**30
    open_files = _in_memory if fits else _on_disk
    samples = [open_files(files, size, hparams.num_workers) for files in splits]
    return Raw(
        samples.pop(0),
        samples.pop() if test else None,
        classes,
        samples.pop() if val else None,
    )


def _existing(data_dir: str) -> Path:
    folder = Path(data_dir)
    if not folder.is_dir():
        reason = "is not a folder" if folder.exists() else "does not exist"
        raise ValueError(f"--data-dir {folder} {reason}; {LAYOUT}")
    return folder


def _split_folders(folder: Path) -> tuple[Path, Path | None, Path | None]:
    """Where the training, validation and test images are; None: they are split off the first."""
    names = set(_subfolders(folder))
    if "train" not in names or not names <= {"train", "test", *VAL_FOLDERS}:
        return folder, None, None
    val = [folder / name for name in VAL_FOLDERS if name in names]
    if len(val) > 1:
        raise ValueError(f"{val[0]} and {val[1]} are both validation images; merge the folders")
    test = folder / "test" if "test" in names else None
    return folder / "train", val[0] if val else None, test


def _class_names(folder: Path) -> tuple[str, ...]:
    names = tuple(_subfolders(folder))
    if len(names) < 2:
        found = f"only the sub-folder {names[0]!r}" if names else "no sub-folders"
        raise ValueError(f"{folder} has {found}, but at least 2 classes are needed; {LAYOUT}")
    for name in names:
        # Undecodable bytes could be written neither to the record nor to a terminal.
        if not name.isprintable():
            raise ValueError(
                f"the class folder {name!r} in {folder} has a name that is not printable UTF-8 text;"
                " rename it"
            )
    return names


def _list(folder: Path, classes: Sequence[str]) -> Files:
    """The images of every class in `folder`; it may lack classes, but have no others."""
    names = _subfolders(folder)
    for name in names:
        if name not in classes:
            raise ValueError(
                f"{folder / name} is no class of the training images; add {name!r} there or remove it"
            )
    if not names:
        raise ValueError(f"{folder} has no sub-folders; {LAYOUT}")
    files = Files([], [])
    for name in names:
        paths = _images(folder / name)
        files.paths.extend(paths)
        files.targets.extend([classes.index(name)] * len(paths))
    return files


def _subfolders(folder: Path) -> list[str]:
    """Names in sorted order, without hidden ones such as our `.cache`."""
    names = sorted(name for name in os.listdir(folder) if not name.startswith("."))
    return [name for name in names if (folder / name).is_dir()]


def _images(folder: Path) -> list[str]:
    """Paths of the images anywhere below a class's folder, sorted by their parts."""
    found = [
        Path(parent, name)
        for parent, _, names in os.walk(folder, followlinks=True)
        for name in names
        if name.lower().endswith(EXTENSIONS) and not name.startswith(".")
    ]
    if not found:
        raise ValueError(
            f"the class folder {folder} has no images ({' '.join(EXTENSIONS)}); add some or remove it"
        )
    return [str(path) for path in sorted(found, key=lambda path: path.parts)]


def _in_memory(files: Files, size: int, num_workers: int) -> Samples:
    images = np.empty((len(files.paths), 3, size, size), np.uint8)

    def keep(i: int, data: bytes) -> None:
        images[i] = decode(data, files.paths[i], size)

    digests = _read_all(files.paths, keep)
    return Resident(torch.from_numpy(images), torch.tensor(files.targets), digests)


def _on_disk(files: Files, size: int, num_workers: int) -> Samples:
    digests = _read_all(files.paths, lambda i, data: check_header(data, files.paths[i]))
    return Streamed(files.paths, torch.tensor(files.targets), size, digests, num_workers)


def _read_all(paths: Sequence[str], use: Callable[[int, bytes], None]) -> np.ndarray:
    """Read each file once, hand over its bytes, and return the files' BLAKE3 digests `(n, 32)` uint8."""
    digests = np.empty((len(paths), 32), np.uint8)

    def read(i: int) -> None:
        with open(paths[i], "rb") as file:
            data = file.read()
        digests[i] = np.frombuffer(blake3(data).digest(), np.uint8)
        use(i, data)

    # Threads suffice: Pillow and BLAKE3 work outside the interpreter's lock.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, len(paths), SUBMITTED):
            list(pool.map(read, range(start, min(start + SUBMITTED, len(paths)))))
    return digests
