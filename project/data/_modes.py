"""A picture of any of Pillow's modes as RGB: what a viewer shows of it, or a refusal that says why.

Transparent parts are shown on white. What loses its content on the way, and would be of one colour
that was not before, is refused: integers of a range that 8 bits don't hold, white on transparent.
"""

from typing import NamedTuple, NoReturn

import numpy as np
from PIL import Image

# Formats whose pixels Pillow gives as 32-bit integers, though they are of 16 bits.
_OF_16_BITS = ("PNG", "PPM")
_BITS, _PHOTOMETRIC, _WHITE_IS_ZERO = 258, 262, 0  # tags of TIFF
_ON = "white"


class NotShown(ValueError):
    """A picture is read, but it can't be told what a viewer shows of it."""


class Shown(NamedTuple):
    """A picture as RGB.

    Attributes:
        rgb: of mode RGB, of the picture's size.
        see_through: whether something of it was transparent.
    """

    rgb: Image.Image
    see_through: bool


def shown(image: Image.Image, is_deep: bool) -> Shown:
    """The picture, decoded and upright, as RGB.

    Args:
        image: of any mode.
        is_deep: whether it has 16 bits a colour, of which Pillow keeps the upper 8 in RGB.

    Raises:
        NotShown: its range is unknown, or nothing of it would be left.
    """
    if image.mode.startswith("F"):
        _refuse("it has floating-point pixels, whose range is unknown")
    if image.mode.startswith("I"):
        image, is_deep = _grey(image), False
    found = _on_white(image) if image.has_transparency_data else Shown(_opaque(image), False)
    if is_deep and _is_plain(found.rgb):
        _refuse("its pixels of 16 bits a colour are all the same in the upper 8")
    return found


def _opaque(image: Image.Image) -> Image.Image:
    # A palette goes through RGBA, or Pillow warns.
    return image.convert("RGBA").convert("RGB") if image.mode == "P" else image.convert("RGB")


def _on_white(image: Image.Image) -> Shown:
    rgba = image.convert("RGBA")
    if rgba.getextrema()[3][0] == 255:
        return Shown(rgba.convert("RGB"), False)
    rgb = Image.alpha_composite(Image.new("RGBA", rgba.size, _ON), rgba).convert("RGB")
    if _is_plain(rgb) and not _is_plain(rgba):
        _refuse(f"nothing of it is seen on {_ON}, on which transparent pictures are put")
    return Shown(rgb, True)


def _grey(image: Image.Image) -> Image.Image:
    """Integers as grey of 8 bits (L), or with transparency (LA)."""
    values = np.asarray(image)
    low, high = int(values.min()), int(values.max())
    bits = _bits(image)
    if bits == 32:
        if low < 0 or high > 255:
            _refuse(f"it has 32-bit pixels from {low} to {high}, whose range is unknown")
        eight = values.astype(np.uint8)
    else:
        eight = (values >> bits - 8).clip(0, 255).astype(np.uint8)
    if low < high and eight.min() == eight.max():
        most = f"{2**bits - 1:,}"
        _refuse(f"its pixels, from {low} to {high} of {most}, would be the same in 8 bits")
    if _tag(image, _PHOTOMETRIC) == _WHITE_IS_ZERO:
        eight = 255 - eight
    grey = Image.fromarray(eight)
    key = image.info.get("transparency")
    if key is None:
        return grey
    opaque = Image.fromarray(np.where(values == key, 0, 255).astype(np.uint8))
    return Image.merge("LA", (grey, opaque))


def _bits(image: Image.Image) -> int:
    if image.mode == "I" and image.format not in _OF_16_BITS:
        return 32
    return 12 if _tag(image, _BITS) == (12,) else 16


def _tag(image: Image.Image, tag: int) -> object:
    return image.tag_v2.get(tag) if image.format == "TIFF" else None


def _is_plain(image: Image.Image) -> bool:
    """Whether all pixels are the same."""
    return all(low == high for low, high in image.getextrema())


def _refuse(why: str) -> NoReturn:
    raise NotShown(f"{why}; save it with 8 bits a colour and no transparency, or remove it")
