"""How a picture of any shape becomes a square, as `--fit` says, and what of it that costs."""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageOps

from project.words.telling import clipped

CROP, PAD, SQUEEZE = "crop", "pad", "squeeze"
# Of bars: what a picture has nothing of, whatever the others of its folder are like.
BARS = "black"
_BILINEAR = Image.Resampling.BILINEAR
_LONGEST = 40  # characters of a file's name in a line


def mark(fit: str | None) -> str:
    """What of a name of remembered values tells how pictures became squares."""
    return "" if fit in (None, CROP) else f"-{fit}"


def fitted(rgb: Image.Image, size: int, fit: str, whole: tuple[int, int]) -> Image.Image:
    """A picture of mode RGB as a square, scaled bilinearly.

    Args:
        rgb: upright.
        size: pixels a side.
        fit: "crop" scales the shorter side to `size` and keeps the middle of the longer one; "pad"
            scales the longer side to `size` and puts the picture in the middle of black bars, the
            odd row or column of them below or to the right; "squeeze" scales either side to `size`.
        whole: width and height of the picture before it was decoded at a part of its size: bars
            must not depend on that.
    """
    return _square(rgb, size, fit, whole, _BILINEAR, BARS)


def fitted_array(values: np.ndarray, size: int, fit: str, bars: int | None = None) -> np.ndarray:
    """One channel `(H, W)`, uint8 or float32, or a mask, as a square like `fitted`.

    Args:
        values: of the pixels.
        size: pixels a side.
        fit: as for `fitted`.
        bars: of a mask, whose pixels are taken as they are, the value of what it has nothing of;
            None: it is no mask.
    """
    channel = Image.fromarray(values)
    how = (_BILINEAR, 0) if bars is None else (Image.Resampling.NEAREST, bars)
    return np.asarray(_square(channel, size, fit, channel.size, *how))


def fitted_image(image: np.ndarray, size: int, fit: str) -> np.ndarray:
    """An image `(C, H, W)`, uint8 or float32, as a square, channel by channel."""
    return np.stack([fitted_array(channel, size, fit) for channel in image])


def _square(
    image: Image.Image,
    size: int,
    fit: str,
    whole: tuple[int, int],
    resample: Image.Resampling,
    bars: str | int,
) -> Image.Image:
    if fit == CROP:
        return ImageOps.fit(image, (size, size), resample)
    if fit == SQUEEZE:
        return image.resize((size, size), resample)
    assert fit == PAD
    longer = max(whole)
    width, height = (max(1, (2 * size * side + longer) // (2 * longer)) for side in whole)
    square = Image.new(image.mode, (size, size), bars)
    square.paste(
        image.resize((width, height), resample), ((size - width) // 2, (size - height) // 2)
    )
    return square


def told_fit(sizes: np.ndarray, fit: str, name: Callable[[int], str]) -> str | None:
    """How many pictures are not square, and what becomes of these, in a line; None: all are.

    Args:
        sizes: `(n, 2)`, width and height of each.
        fit: as for `fitted`.
        name: of the i-th picture.
    """
    # The same share for all three: it is cut off, is added, or the longer side gets shorter by it.
    shares = 1 - sizes.min(axis=1) / sizes.max(axis=1)
    odd = np.flatnonzero(shares)
    if not len(odd):
        return None
    worst = int(shares.argmax())
    typical, most = _percent(np.median(shares[odd])), _percent(shares[worst])
    of_most = f"{most} for {clipped(name(worst), _LONGEST)}"
    are = "is" if len(odd) == 1 else "are"
    cost = of_most if len(odd) == 1 else f"{typical} for the median one, {of_most}"
    if len(odd) > 1 and typical == most:
        cost = f"{most} for each"
    return f"{len(odd):,} of {len(sizes):,} images {are} not square: {_COSTS[fit].format(cost)}"


_COSTS = {
    CROP: "--fit crop leaves out the ends, {} (--fit pad or squeeze keeps all)",
    PAD: f"--fit pad fills the square up with {BARS}, {{}}",
    SQUEEZE: "--fit squeeze makes the longer side shorter, by {}",
}


def _percent(share: float) -> str:
    if share < 0.01:
        return "under 1 %"
    return "over 99 %" if share > 0.99 else f"{share:.0%}".replace("%", " %")
