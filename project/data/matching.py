"""Which images and masks of a folder belong together: by split and name alone, none is opened."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple
from unicodedata import normalize

from project.data._split_folders import split_of
from project.data.decoding import EXTENSIONS
from project.data.files import names_below
from project.data.walking import files, subfolders, walk

LAYOUT = (
    "images and their masks belong into DATA_DIR/train/images and DATA_DIR/train/masks (or x and"
    " y; val and test likewise, if there are any), of equal names"
)
ENDINGS = (*EXTENSIONS, ".npy")
_IMAGES, _MASKS = ("images", "image", "imgs", "x"), ("masks", "mask", "y")
_SHOWN = 5  # files, or folders
_LOSSY = (".jpg", ".jpeg")


class Pairs(NamedTuple):
    """The pairs of a folder, sorted by split and name.

    Attributes:
        folder: in which they are.
        images: paths of the n images.
        masks: of the mask of each.
        train, val, test: which of the pairs; None: they are to be split off `train`.
        skipped: paths of files that are neither.
    """

    folder: Path
    images: list[str]
    masks: list[str]
    train: slice
    val: slice | None
    test: slice | None
    skipped: list[str]


def list_pairs(data_dir: str) -> Pairs:
    """The images of `data_dir` and the mask of each, which has its name, whatever their endings.

    The folders of images and of masks lie in those of the splits, or, all for training, in
    `data_dir` itself. Names count with the folders that files lie in below these.

    Raises:
        ValueError: the layout is another, or a file is alone or has a name twice; it is named, each
            in a line.
        OSError: a folder can't be read.
    """
    top = Path(data_dir)
    if not top.is_dir():
        reason = "is not a folder" if top.exists() else "does not exist"
        raise ValueError(f"--data-dir {data_dir} {reason}; {LAYOUT}")
    splits = _splits(top, subfolders(top))
    pairs = Pairs(top, [], [], slice(0), None, None, [])
    if splits["train"] != top:
        pairs.skipped.extend(files(top))
    found = {split: _append(folder, pairs) for split, folder in splits.items()}
    return pairs._replace(**found)


def _splits(top: Path, names: Sequence[str]) -> Mapping[str, Path]:
    if _of(names, _IMAGES) and _of(names, _MASKS):
        return {"train": top}
    found: dict[str, Path] = {}
    for name in names:
        split = split_of(name)
        if split is None:
            raise ValueError(f"{top / name} is no split, nor images or masks; {LAYOUT}")
        if split in found:
            both = f"{found[split].name!r} and {name!r}"
            raise ValueError(f"{both} in {top} are both for {split}; merge the folders")
        found[split] = top / name
    if "train" not in found:
        raise ValueError(f"{top} has no folder {'train'!r}; {LAYOUT}")
    # In this order, whatever they are called.
    return {split: found[split] for split in ("train", "val", "test") if split in found}


def _of(names: Sequence[str], kinds: Sequence[str]) -> list[str]:
    return [name for name in names if name.lower() in kinds]


def _append(folder: Path, pairs: Pairs) -> slice:
    """List the pairs of one split."""
    names = subfolders(folder)
    found = []
    for kind, kinds in (("images", _IMAGES), ("masks", _MASKS)):
        there = _of(names, kinds)
        if len(there) != 1:
            has = f"no folder of {kind}" if not there else f"{_shown(there)}, all of them {kind}"
            raise ValueError(f"{folder} has {has}; {LAYOUT}")
        found.append(_by_name(folder / there[0], pairs.skipped))
    pairs.skipped.extend(files(folder))
    others = [str(folder / name) for name in names if not _of([name], _IMAGES + _MASKS)]
    pairs.skipped.extend(others)
    images, masks = found
    _refuse_single(folder, images, masks)
    start = len(pairs.images)
    pairs.images.extend(images.values())
    pairs.masks.extend(masks[name] for name in images)
    return slice(start, len(pairs.images))


def _by_name(folder: Path, skipped: list[str]) -> dict[str, str]:
    """The paths of the files in a folder, by what their name is without folder and ending."""
    found: dict[str, str] = {}
    for path in walk(folder, ENDINGS, skipped):
        # The same letters may be written in two ways; Macs prefer the longer one.
        name = normalize("NFC", os.path.splitext(names_below(folder, [path])[0])[0])
        if name in found:
            raise ValueError(f"{found[name]!r} and {path!r} have one name; remove one")
        found[name] = path
    if not found:
        raise ValueError(f"{folder} has no images or masks ({' '.join(ENDINGS)}); {LAYOUT}")
    return found


def _refuse_single(folder: Path, images: Mapping[str, str], masks: Mapping[str, str]) -> None:
    lines = [f"{images[name]!r} has no mask" for name in images if name not in masks]
    lines += [f"{masks[name]!r} has no image" for name in masks if name not in images]
    if lines:
        more = len(lines) - _SHOWN
        shown = lines[:_SHOWN] + ([f"and {more:,} more in {folder}"] if more > 0 else [])
        fix = "give an image and its mask the same name (without the ending), or remove it"
        raise ValueError("\n".join([*shown[:-1], f"{shown[-1]}: {fix}"]))
    lossy = [path for path in masks.values() if path.lower().endswith(_LOSSY)]
    if lossy:
        raise ValueError(f"{lossy[0]!r} is JPEG, which changes classes at edges; save it as PNG")


def _shown(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return ", ".join(map(repr, names[:_SHOWN])) + more


def told_left_out(pairs: Pairs) -> str | None:
    """How many files and folders are neither images nor masks, in a line; None: none."""
    if not pairs.skipped:
        return None
    n = len(pairs.skipped)
    return f"left out: {n:,} that {'is' if n == 1 else 'are'} no pair ({_shown(pairs.skipped)})"
