"""Your own images and masks, for segmentation: files of equal names in folders of their own."""

from pathlib import Path

from project.cli.stage import stage
from project.data.cache import note
from project.data.coding import FILES, read_coding
from project.data.matching import list_pairs, told_left_out
from project.data.pair_files import raw_of
from project.data.samples import Raw
from project.hyperparameters import Hyperparameters, flag

TASKS = ("segmentation",)


class Settings:
    ignore_value: int | None = flag(
        255,
        "value of a mask's pixels that count nowhere, where classes.json or .csv does not name it;"
        " none: all count",
        bounds="[0, 65535]",
    )


def load(hparams: Hyperparameters) -> Raw:
    """Images `(C, H, W)` of any sizes, or all `(C, image_size, image_size)` as `fit` says.

    For the layout of `data_dir` see `list_pairs`, for what masks mean `read_coding`; without such
    a file their values are the classes, 0 to n - 1. Pictures are RGB, or have one channel if all
    are grey; arrays (`.npy`) have any number of channels, first or last, and are kept as float32
    if they hold anything but uint8.

    Raises:
        ValueError: the layout is another, or a file can't be used; the message names it.
        OSError: a file can't be read.
    """
    folder = Path(hparams.data_dir)
    stage("listing images and masks")
    pairs = list_pairs(hparams.data_dir)
    ignored = hparams.settings(__name__).ignore_value
    coding = read_coding(folder, ignored)
    meanings = {str(folder / name) for name in FILES if (folder / name).exists()}
    pairs = pairs._replace(skipped=[path for path in pairs.skipped if path not in meanings])
    if told := told_left_out(pairs):
        note(told)
    return raw_of(pairs, coding, ignored, hparams, sorted(meanings))
