"""An image file as a square uint8 array: decoded, made RGB, resized and cropped."""

from typing import IO

import numpy as np
from PIL import Image, ImageOps

EXTENSIONS = (".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")


def decode(file: IO[bytes], path: str, size: int) -> np.ndarray:
    """Pixels `(3, size, size)` uint8 of an encoded image of any size and mode.

    The image is turned upright (EXIF), made RGB (grey is repeated, transparency dropped, 16-bit
    grey shifted to 8), scaled bilinearly until its shorter side is `size`, and cropped to its
    centre.

    Raises:
        ValueError: the image can't be decoded; the message names `path`.
    """
    try:
        with Image.open(file) as image:
            # JPEG decodes at half, a quarter or an eighth of its size for almost nothing.
            image.draft("RGB", (2 * size, 2 * size))
            ImageOps.exif_transpose(image, in_place=True)
            square = ImageOps.fit(_rgb(image), (size, size), Image.Resampling.BILINEAR)
    # A damaged file makes Pillow's decoders raise nearly anything, also SyntaxError, struct.error.
    except Exception as error:
        raise _unreadable(path, error) from error
    return np.ascontiguousarray(np.asarray(square).transpose(2, 0, 1))


def check_header(file: IO[bytes], path: str) -> None:
    """Refuse, without decoding it, a file that is no image.

    Raises:
        ValueError: the file is no image; the message names `path`.
    """
    try:
        Image.open(file).close()
    # As above: anything may be raised.
    except Exception as error:
        raise _unreadable(path, error) from error


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("F"):
        raise ValueError(
            "it has floating-point pixels, whose range is unknown; save it with 8 bits"
        )
    if image.mode.startswith("I"):
        # Pillow would clip 16-bit values at 255, which is nearly white everywhere.
        return Image.fromarray((np.asarray(image) >> 8).clip(0, 255).astype(np.uint8)).convert(
            "RGB"
        )
    # A palette with transparency goes through RGBA, or Pillow warns.
    return (
        image.convert("RGBA").convert("RGB") if image.mode in ("P", "PA") else image.convert("RGB")
    )


def _unreadable(path: str, error: Exception) -> ValueError:
    known = not isinstance(error, Image.UnidentifiedImageError)
    reason = " ".join(str(error).split()) if known else "it is empty or in no known image format"
    return ValueError(f"can't read the image {path}: {reason}; repair the file or remove it")
