"""An image of a file at its own size, as an array: a picture, or what `.npy` holds."""

from typing import IO, NamedTuple

import numpy as np
from PIL import ExifTags, Image

from project.data.decoding import opened, upright
from project.data.mask_files import load_array

_GREY = ("1", "L", "I", "F")
_TURNED = (5, 6, 7, 8)  # EXIF orientations that exchange width and height


class Facts(NamedTuple):
    """What is known of an image that is not decoded.

    Attributes:
        shape: height and width of a picture; of `.npy` that of the array.
        channels: 1 of a grey picture, 3 of another; 0 of an array: `laid_out` tells.
        is_real: whether it holds more than 8-bit whole numbers.
    """

    shape: tuple[int, ...]
    channels: int
    is_real: bool


def facts(file: IO[bytes], path: str) -> Facts:
    """What is known of an image; an array is read, and refused if numbers of it are not finite.

    Raises:
        ValueError: it is no image; the message names `path`.
    """
    if path.lower().endswith(".npy"):
        found = load_array(file, path)
        if not np.isfinite(found).all():
            odd = int((~np.isfinite(found)).sum())
            raise ValueError(f"{path} has {odd:,} numbers that are nan or infinite; replace them")
        return Facts(found.shape, 0, found.dtype != np.uint8)
    with opened(file, path) as image:
        width, height = image.size
        if image.getexif().get(ExifTags.Base.Orientation) in _TURNED:
            width, height = height, width
        return Facts((height, width), 1 if _is_grey(image) else 3, False)


def _is_grey(image: Image.Image) -> bool:
    return image.mode in _GREY or image.mode.startswith("I;16")


def laid_out(shape: tuple[int, ...], size: tuple[int, int]) -> int | None:
    """In which dimension an array of an image of this height and width has its channels.

    None: it has one channel and no such dimension; -1: it is of another size.
    """
    if shape == size:
        return None
    if len(shape) == 3 and shape[1:] == size:
        return 0
    return 2 if len(shape) == 3 and shape[:2] == size else -1


def read_image(file: IO[bytes], path: str, channels: int, size: tuple[int, int]) -> np.ndarray:
    """An image `(channels, H, W)`, uint8, or float32 where it holds other numbers.

    Args:
        file: its content.
        path: its name.
        channels: of a picture, 1 takes it as grey and 3 as RGB, upright and as a viewer shows it.
        size: height and width.

    Raises:
        ValueError: it can't be decoded; the message names `path`.
    """
    if not path.lower().endswith(".npy"):
        with opened(file, path) as image:
            pixels = np.asarray(upright(image).rgb)
        return np.ascontiguousarray(pixels.transpose(2, 0, 1)[:channels])
    found = load_array(file, path)
    at = laid_out(found.shape, size)
    assert at != -1, f"{path} changed while it was read"
    found = found[None] if at is None else np.moveaxis(found, at, 0)
    return np.ascontiguousarray(found if found.dtype == np.uint8 else found.astype(np.float32))
