"""Pictures of what was predicted: captioned; of masks, the mask and its colours on the image."""

import os
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from project.data.examples import shown
from project.tasks import Task
from project.values import Prediction

DRAWN, MASKS, OVERLAYS = "drawn", "masks", "overlays"
_LONGEST = 80  # characters of a file's name that are kept


def draw(
    folder: Path, task: Task, image: np.ndarray, prediction: Prediction, name: str, hashed: str
) -> None:
    """Write a captioned picture into `folder/drawn`.

    Raises:
        OSError: it can't be written; it is not left half written.
    """
    portrait = task.portrait(shown(image), prediction, os.path.basename(name))
    _save(portrait, folder / DRAWN / file_name(name, hashed))


def draw_mask(
    folder: Path, task: Task, image: np.ndarray, prediction: Prediction, name: str, hashed: str
) -> str:
    """Write a mask, whose indices are the classes, and its colours over the image.

    Returns:
        The mask's file, below `folder`.

    Raises:
        OSError: one can't be written; it is not left half written.
    """
    file = file_name(name, hashed)
    _save(task.picture(prediction), folder / MASKS / file)
    _save(Image.fromarray(task.over(shown(image), prediction)), folder / OVERLAYS / file)
    return f"{MASKS}/{file}"


def file_name(name: str, hashed: str) -> str:
    """A PNG's name: that of the image, and enough of its hash to tell it from another's."""
    stem = os.path.basename(name).replace("/", "-")[:_LONGEST]
    return f"{stem}-{hashed[:8]}.png"


def _save(image: Image.Image, path: Path) -> None:
    # Without a sync: a row that names it is written after it.
    content = BytesIO()
    image.save(content, "PNG", compress_level=3)
    path.parent.mkdir(exist_ok=True)
    try:
        path.write_bytes(content.getvalue())
    except OSError as error:
        with suppress(OSError):
            path.unlink()
        raise OSError(error.errno, error.strerror, str(path)) from error
