"""Which image files a folder holds: by split and class, in an order that is the same everywhere."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from project.data._image import EXTENSIONS

LAYOUT = "images belong into one sub-folder per class, as in DATA_DIR/cat/1.jpg"
VAL_FOLDERS = ("val", "valid", "validation")


class Listing(NamedTuple):
    """The image files of a folder, sorted by split, class and name.

    Attributes:
        classes: names, by target.
        paths: of the n files.
        targets: of each file.
        train, val, test: which of the files; None: they are to be split off `train`.
    """

    classes: tuple[str, ...]
    paths: list[str]
    targets: list[int]
    train: slice
    val: slice | None
    test: slice | None


def list_images(data_dir: str) -> Listing:
    """The images of `data_dir`, by name alone; none is opened.

    The sub-folders are the classes; or they are official splits, if there are no others than
    `train`, `val` and `test`, whose sub-folders are the classes. What is hidden is left alone.

    Raises:
        ValueError: the folder is missing or has no classes, a class has no images, or something
            that is named like an image is no file; the message names it.
        OSError: a folder can't be read.
    """
    folders = _split_folders(_existing(data_dir))
    listing = Listing(_class_names(folders[0]), [], [], slice(0), None, None)
    parts = [_append(folder, listing) if folder else None for folder in folders]
    return listing._replace(train=parts[0], val=parts[1], test=parts[2])


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
                f"the class folder {name!r} in {folder} has a name that is not printable UTF-8"
                " text; rename it"
            )
    return names


def _append(folder: Path, listing: Listing) -> slice:
    """List the images of every class in `folder`; it may lack classes, but have no others."""
    names = _subfolders(folder)
    for name in names:
        if name not in listing.classes:
            raise ValueError(
                f"{folder / name} is no class of the training images; add {name!r} there or"
                " remove it"
            )
    if not names:
        raise ValueError(f"{folder} has no sub-folders; {LAYOUT}")
    start = len(listing.paths)
    for name in names:
        paths = _images(folder / name)
        listing.paths.extend(paths)
        listing.targets.extend([listing.classes.index(name)] * len(paths))
    return slice(start, len(listing.paths))


def _subfolders(folder: Path) -> list[str]:
    """Names in sorted order, without hidden ones such as our `.cache`."""
    names = sorted(name for name in os.listdir(folder) if not name.startswith("."))
    return [name for name in names if (folder / name).is_dir()]


def _images(folder: Path) -> list[str]:
    """Paths of the images anywhere below a class's folder, sorted by their parts."""
    found = sorted(_walk(str(folder), ()), key=lambda path: path.split("/"))
    if not found:
        raise ValueError(
            f"the class folder {folder} has no images ({' '.join(EXTENSIONS)}); add some or"
            " remove it"
        )
    return found


def _walk(folder: str, above: tuple[tuple[int, int], ...]) -> Iterator[str]:
    """Images below `folder`, links followed; `above` tells the folders on the way, by inode."""
    status = os.stat(folder)
    here = (status.st_dev, status.st_ino)
    if here in above:
        raise ValueError(f"{folder!r} is a link to a folder that it lies in; remove the link")
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_dir():
                yield from _walk(entry.path, (*above, here))
            elif entry.name.lower().endswith(EXTENSIONS):
                if not entry.is_file():
                    raise ValueError(f"{entry.path!r} is a broken link, or no file; remove it")
                yield entry.path
