"""An image file as a square uint8 array: decoded, upright, made RGB and resized."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, NamedTuple

import numpy as np
from blake3 import blake3
from PIL import ExifTags, Image, ImageOps

from project.data._fit import CROP, fitted
from project.data._modes import NotShown, Shown, shown

EXTENSIONS = (".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")
# Formats of which a viewer shows more than the first picture.
_FILMS = ("GIF", "PNG", "TIFF", "WEBP")
_TURNED = (5, 6, 7, 8)  # EXIF orientations that exchange width and height


class Decoded(NamedTuple):
    """What was read of an image file.

    Attributes:
        pixels: `(3, size, size)` uint8.
        size: width and height of the whole image, upright.
        reduced: whether it was decoded at a part of its size.
        see_through: whether something of it was transparent, and is white now.
        is_film: whether it has several frames or pages, of which this is the first.
    """

    pixels: np.ndarray
    size: tuple[int, int]
    reduced: bool
    see_through: bool
    is_film: bool


def decode(file: IO[bytes], path: str, size: int, fit: str = CROP) -> Decoded:
    """An encoded image of any size and mode, as a square.

    It is turned upright (EXIF), made RGB as `shown` says, scaled bilinearly, and made a square of
    `size` pixels a side as `fitted` says. Of several frames or pages the first is taken.

    Raises:
        ValueError: the image can't be decoded, or not be shown; the message names `path`.
    """
    with opened(file, path) as image:
        whole = image.size
        # JPEG decodes at half, a quarter or an eighth of its size for almost nothing.
        image.draft("RGB", (2 * size, 2 * size))
        reduced = image.size != whole
        if reduced and image.getexif().get(ExifTags.Base.Orientation) in _TURNED:
            whole = whole[1], whole[0]
        rgb, see_through = upright(image)
        whole = whole if reduced else rgb.size
        square = fitted(rgb, size, fit, whole)
        pixels = np.ascontiguousarray(np.asarray(square).transpose(2, 0, 1))
        is_film = image.format in _FILMS and bool(getattr(image, "is_animated", False))
        return Decoded(pixels, whole, reduced, see_through, is_film)


def content(file: IO[bytes], path: str) -> bytes:
    """The BLAKE3 digest of an image's size and of all its pixels, upright and as RGB.

    Raises:
        ValueError: as of `decode`.
    """
    with opened(file, path) as image:
        rgb = upright(image).rgb
        return blake3(f"{rgb.size} ".encode() + rgb.tobytes()).digest()


def check_header(file: IO[bytes], path: str) -> None:
    """Refuse, without decoding it, a file that is no image.

    Raises:
        ValueError: the file is no image; the message names `path`.
    """
    with opened(file, path):
        pass


def upright(image: Image.Image) -> Shown:
    """The picture, turned as its EXIF says, as RGB.

    Raises:
        NotShown: it can't be told what a viewer shows of it.
    """
    # Where the data lie is forgotten when they are read.
    is_deep = ";16" in str(image.tile[:1])
    ImageOps.exif_transpose(image, in_place=True)
    return shown(image, is_deep)


@contextmanager
def opened(file: IO[bytes], path: str) -> Iterator[Image.Image]:
    """An image file, and its name in what goes wrong."""
    try:
        with Image.open(file) as image:
            yield image
    # A damaged file makes Pillow's decoders raise nearly anything, also SyntaxError, struct.error.
    except Exception as error:
        raise _unreadable(path, error) from error


def _unreadable(path: str, error: Exception) -> ValueError:
    if isinstance(error, NotShown):
        return ValueError(f"can't show the image {path}: {error}")
    known = not isinstance(error, Image.UnidentifiedImageError)
    reason = " ".join(str(error).split()) if known else "it is empty or in no known image format"
    return ValueError(f"can't read the image {path}: {reason}; repair the file or remove it")
