"""Which sub-folders of an image folder are its splits: by their names, or a refusal."""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from project.data.decoding import EXTENSIONS

# As Hugging Face's `datasets` takes them, and what people say besides.
WORDS = {
    "train": "train|training",
    "val": "val|valid|validation|dev|development",
    "test": "test|testing|eval|evaluation|holdout|heldout",
}
_AROUND = "(?:my|images?|imgs?|pics?|pictures?|photos?|data|set|split|folder|samples?)*"
_PATTERNS = {split: re.compile(f"{_AROUND}(?:{words}){_AROUND}") for split, words in WORDS.items()}
_TOKENS = {split: set(words.split("|")) for split, words in WORDS.items()}
# What operating systems, archives and network disks leave in folders.
_NOISE = {
    "__macosx",
    "@eadir",
    "#recycle",
    "$recycle.bin",
    "system volume information",
    "lost+found",
    "__pycache__",
}
SHOWN = 4


class SplitFolders(NamedTuple):
    """Where the images of each split are; None: they are split off those of `train`."""

    train: Path
    val: Path | None
    test: Path | None


def is_noise(name: str) -> bool:
    """Whether a file or folder of this name is none of the person's: hidden, or a system's."""
    return name.startswith(".") or name.casefold() in _NOISE


def split_of(name: str) -> str | None:
    """Of which split a folder is by its name: "train", "val" or "test"; None: of none.

    Upper and lower case, digits and signs don't matter, nor words such as "images" or "set":
    `Training`, `val2017`, `test_images`.
    """
    letters = "".join(c for c in name.casefold() if c.isalpha())
    return next((s for s, pattern in _PATTERNS.items() if pattern.fullmatch(letters)), None)


def split_folders(folder: Path, names: Sequence[str]) -> SplitFolders:
    """Where the images of each split are in `folder`, whose sub-folders have these names.

    They are splits if all are named so, one for each split, that for training among them; and
    classes if none is. Of a single one that is called `train`, among others, its images decide: if
    they lie directly in it, it is a class (of vehicles).

    Raises:
        ValueError: they look like splits, but not like these; the message names the odd folder.
        OSError: a folder can't be read.
    """
    found = {name: split for name in names if (split := split_of(name))}
    if not found:
        _refuse_hints(folder, names)
    odd = [name for name in names if name not in found]
    if not found or (odd and _is_vehicle(folder, found)):
        return SplitFolders(folder, None, None)
    by_split: dict[str, Path] = {}
    for name, split in found.items():
        if split in by_split:
            both = f"{by_split[split].name!r} and {name!r}"
            raise ValueError(
                f"{both} in {folder} are both {_KINDS[split]} images; merge the folders"
                f"{_otherwise(folder)}"
            )
        by_split[split] = folder / name
    if odd:
        raise ValueError(_mixed(folder, found, odd))
    if "train" not in by_split:
        raise ValueError(
            f"{folder} has no folder of training images, only {_listed(list(found))}; add"
            f" {str(folder / 'train')!r}{_otherwise(folder)}"
        )
    if len(by_split) > 1:
        _refuse_flat(folder, by_split)
    return SplitFolders(by_split["train"], by_split.get("val"), by_split.get("test"))


def refuse_inner_splits(folder: Path, names: Sequence[str]) -> None:
    """Refuse a class whose sub-folders are splits: their images would be mixed.

    Raises:
        ValueError: there are two splits among `names`, the sub-folders of the class's `folder`.
    """
    found = {split: name for name in names if (split := split_of(name))}
    if len(found) > 1:
        raise ValueError(
            f"the class folder {folder} has splits inside ({_listed(list(found.values()))}), whose"
            " images would be mixed; let the splits be the outer folders, as in"
            f" DATA_DIR/train/{folder.name}, or rename these"
        )


_KINDS = {"train": "training", "val": "validation", "test": "test"}


def _is_vehicle(folder: Path, found: Mapping[str, str]) -> bool:
    """Whether the only name like a split's is `train`, with images in it as a class has them."""
    names = list(found)
    return [name.casefold() for name in names] == ["train"] and _has_images(folder / names[0])


def _refuse_hints(folder: Path, names: Sequence[str]) -> None:
    """Refuse names that hold words of training and another split, as `seg_train, seg_test`."""
    tokens = {name: set(re.findall("[a-z]+", _spaced(name).casefold())) for name in names}
    hints = {s: [n for n in names if tokens[n] & words] for s, words in _TOKENS.items()}
    if hints["train"] and (hints["val"] or hints["test"]):
        hinted = list(dict.fromkeys(name for found in hints.values() for name in found))
        raise ValueError(
            f"{folder} has folders whose names tell of splits ({_listed(hinted)}); call them"
            f" {', '.join(_TOKENS)} if they are{_otherwise(folder)}"
        )


def _spaced(name: str) -> str:
    """The words of a name in camel case, apart."""
    return re.sub("(?<=[a-z])(?=[A-Z])", " ", name)


def _has_images(folder: Path) -> bool:
    return any(
        name.lower().endswith(EXTENSIONS) for name in os.listdir(folder) if not is_noise(name)
    )


def _refuse_flat(folder: Path, by_split: Mapping[str, Path]) -> None:
    for path in by_split.values():
        inside = [name for name in os.listdir(path) if not is_noise(name)]
        if _has_images(path) and not any((path / name).is_dir() for name in inside):
            raise ValueError(
                f"{path} is named like a split, but holds images and no folder per class; images"
                f" belong into {path}/CLASS{_otherwise(folder)}"
            )


def _mixed(folder: Path, found: Mapping[str, str], odd: Sequence[str]) -> str:
    one = len(odd) == 1
    return (
        f"{folder} has folders that are named like splits ({_listed(list(found))}), and"
        f" {_listed(odd)}, which {'is' if one else 'are'} not; move {'it' if one else 'them'}"
        f" elsewhere, or rename the former{_otherwise(folder)}"
    )


def _otherwise(folder: Path) -> str:
    return f", or, if all of these are classes, move them into {str(folder / 'train')!r}"


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(map(repr, names[:SHOWN]))
    return shown + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
