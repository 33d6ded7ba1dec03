"""Which image files a folder holds: by split and class, in an order that is the same everywhere."""

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from project.data._split_folders import SHOWN, refuse_inner_splits, split_folders
from project.data.decoding import EXTENSIONS
from project.data.walking import files, subfolders, walk

LAYOUT = "images belong into one sub-folder per class, as in DATA_DIR/cat/1.jpg"


class Listing(NamedTuple):
    """The image files of a folder, sorted by split, class and name.

    Attributes:
        classes: names, by target.
        paths: of the n files.
        targets: of each file.
        train, val, test: which of the files; None: they are to be split off `train`.
        skipped: paths of the files that are not named like images, or lie in no class.
    """

    classes: tuple[str, ...]
    paths: list[str]
    targets: list[int]
    train: slice
    val: slice | None
    test: slice | None
    skipped: list[str]


def list_images(data_dir: str) -> Listing:
    """The images of `data_dir`, by name alone; none is opened.

    The sub-folders are the classes; or they are official splits, whose sub-folders are the
    classes: see `split_folders`. What is hidden is left alone, and so is what systems leave behind.

    Raises:
        ValueError: the folder is missing or has no classes, its sub-folders look like splits but
            are not to be understood, a class has no images, or something that is named like an
            image is no file; the message names it.
        OSError: a folder can't be read.
    """
    top = _existing(data_dir)
    folders = split_folders(top, subfolders(top))
    listing = Listing(_class_names(folders.train), [], [], slice(0), None, None, [])
    if folders.train != top:
        listing.skipped.extend(files(top))
    train, val, test = (_append(folder, listing) if folder else None for folder in folders)
    assert train is not None
    return listing._replace(train=train, val=val, test=test)


def _existing(data_dir: str) -> Path:
    folder = Path(data_dir)
    if not folder.is_dir():
        reason = "is not a folder" if folder.exists() else "does not exist"
        raise ValueError(f"--data-dir {folder} {reason}; {LAYOUT}")
    return folder


def _class_names(folder: Path) -> tuple[str, ...]:
    names = tuple(subfolders(folder))
    if len(names) < 2:
        found = f"only the sub-folder {names[0]!r}" if names else "no sub-folders"
        raise ValueError(
            f"{folder} has {found}, but at least 2 classes are needed; {_way_out(folder, names)}"
        )
    for name in names:
        # Undecodable bytes could be written neither to the record nor to a terminal.
        if not name.isprintable():
            raise ValueError(
                f"the class folder {name!r} in {folder} has a name that is not printable UTF-8"
                " text; rename it"
            )
    return names


def _way_out(folder: Path, names: Sequence[str]) -> str:
    """Where the classes may be, as archives are unpacked: `seg_train/seg_train/CLASS`."""
    inner = folder
    while len(names) == 1:
        inner = inner / names[0]
        names = subfolders(inner)
    return f"move the folders that are in {inner} into {folder}" if names else LAYOUT


def _append(folder: Path, listing: Listing) -> slice:
    """List the images of every class in `folder`; it may lack classes, but have no others."""
    names = subfolders(folder)
    for name in names:
        if name not in listing.classes:
            raise ValueError(
                f"{folder / name} is no class of the training images; add {name!r} there or"
                " remove it"
            )
    if not names:
        raise ValueError(f"{folder} has no sub-folders; {LAYOUT}")
    listing.skipped.extend(files(folder))
    start = len(listing.paths)
    for name in names:
        paths = _images(folder / name, listing.skipped)
        listing.paths.extend(paths)
        listing.targets.extend([listing.classes.index(name)] * len(paths))
    return slice(start, len(listing.paths))


def _images(folder: Path, skipped: list[str]) -> list[str]:
    """Paths of the images anywhere below a class's folder, sorted by their parts."""
    found = walk(folder, EXTENSIONS, skipped)
    refuse_inner_splits(folder, subfolders(folder))
    if not found:
        raise ValueError(
            f"the class folder {folder} has no images ({' '.join(EXTENSIONS)}); add some or"
            " remove it"
        )
    return found


def _most(kinds: Counter[str]) -> list[tuple[str, int]]:
    return sorted(((kind, n) for kind, n in kinds.items() if n), key=lambda x: (-x[1], x[0]))[
        :SHOWN
    ]


def told_skipped(paths: Sequence[str]) -> str | None:
    """How many files are no images of a class, in a line; None where there are none."""
    strays = [path for path in paths if path.lower().endswith(EXTENSIONS)]
    kinds = Counter(os.path.splitext(path)[1].lower() or "no ending" for path in paths)
    for path in strays:
        kinds[os.path.splitext(path)[1].lower()] -= 1
    told = []
    if n := len(paths) - len(strays):
        shown = ", ".join(f"{k:,} {ending!r}" for ending, k in _most(kinds))
        told.append(f"{n:,} {'file' if n == 1 else 'files'} not named like images ({shown})")
    if n := len(strays):
        images = "image" if n == 1 else "images"
        told.append(f"{n:,} {images} in no class's folder ({strays[0]!r})")
    return f"left out: {' and '.join(told)}" if told else None
