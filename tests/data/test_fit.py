"""`--fit`: how pictures that aren't square become so, and what is told and remembered of that."""

import io
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from project.data import Data, prepare
from project.data._fit import told_fit
from project.data.decoding import decode
from project.hyperparameters import FLAGS, Hyperparameters

FITS = ("crop", "pad", "squeeze")
ORIENTATION, TO_THE_RIGHT = 0x0112, 6


def load(folder: Path, fit: str, **values: Any) -> Data:
    own = {"image_size": 8, "num_workers": 0, "data_dir": str(folder), "fit": fit, **values}
    return prepare(Hyperparameters(data="image-folder", **own))


def square(pixels: np.ndarray, fit: str, size: int, ending: str = "png", **values: Any) -> Any:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, ending, **values)
    return decode(io.BytesIO(file.getvalue()), "a", size, fit)


def scaled(pixels: np.ndarray, width: int, height: int) -> np.ndarray:
    return np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.BILINEAR))


def by_hand(pixels: np.ndarray, fit: str, size: int) -> np.ndarray:
    """The square of `(height, width, 3)`, by Pillow's plain resize and slices."""
    height, width, _ = pixels.shape
    if fit == "squeeze":
        return scaled(pixels, size, size)
    if fit == "crop":
        side = min(height, width)
        left, top = (width - side) / 2, (height - side) / 2
        box = (left, top, left + side, top + side)
        image = Image.fromarray(pixels)
        return np.asarray(image.resize((size, size), Image.Resampling.BILINEAR, box))
    longer, found = max(height, width), np.zeros((size, size, 3), np.uint8)
    wide, high = (int(size * side / longer + 0.5) for side in (width, height))
    left, top = (size - wide) // 2, (size - high) // 2
    right, bottom = left + wide, top + high
    found[top:bottom, left:right] = scaled(pixels, wide, high)
    return found


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("shape", [(9, 17), (17, 9), (31, 8), (5, 6), (12, 12)])
def test_each_fit_is_pillows_by_hand(fit: str, shape: tuple[int, int]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    for size in (7, 8):
        expected = by_hand(pixels, fit, size)
        np.testing.assert_array_equal(square(pixels, fit, size).pixels.transpose(1, 2, 0), expected)
        # What a camera turned is turned back before it is fitted.
        exif = Image.Exif()
        exif[ORIENTATION] = TO_THE_RIGHT
        found = square(np.rot90(pixels), fit, size, exif=exif)
        np.testing.assert_array_equal(found.pixels.transpose(1, 2, 0), expected)
        assert found.size == shape[::-1]


def test_bars_are_black_and_the_odd_one_is_last() -> None:
    # 4 x 1 become 8 x 2 in the middle of 8; 5 x 3 become 5 x 3 in the middle of 5, with one bar
    # above and one below; 4 x 3 become 4 x 3, and the bar is below; a line is not lost.
    white = np.full((1, 4, 3), 255, np.uint8)
    rows = square(white, "pad", 8).pixels[0]
    assert rows.tolist() == [[0] * 8] * 3 + [[255] * 8] * 2 + [[0] * 8] * 3
    assert square(white.repeat(3, 0)[:, :4], "pad", 4).pixels[1, :, 0].tolist() == [255] * 3 + [0]
    line = square(np.full((1, 900, 3), 255, np.uint8), "pad", 8).pixels
    assert (line[:, 3] == 255).all() and line.sum() == 3 * 8 * 255


@pytest.mark.parametrize("fit", FITS)
def test_a_jpeg_that_is_decoded_in_part_fits_as_its_copy(fit: str) -> None:
    rng = np.random.default_rng(1)
    coarse = Image.fromarray(rng.integers(0, 256, (3, 5, 3), np.uint8))
    pixels = np.asarray(coarse.resize((501, 301), Image.Resampling.BICUBIC))
    part = square(pixels, fit, 16, "jpeg", quality=95)
    whole = square(pixels, fit, 16)
    assert part.reduced and part.size == whole.size == (501, 301)
    assert ((part.pixels == 0).all(0) == (whole.pixels == 0).all(0)).mean() > 0.98
    assert np.abs(part.pixels.astype(int) - whole.pixels).mean() < 6


def test_the_flag_has_these_choices_and_crop_is_what_was() -> None:
    (fit,) = [f for f in FLAGS if f.name == "fit"]
    assert (fit.default, tuple(fit.metadata["choices"])) == ("crop", FITS)


def test_memory_and_workers_give_the_same_and_nothing_is_mixed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(folder / "ant" / "000.png", folder / "bee" / "copy.png")
    found, told = {}, {}
    for fit in (*FITS, *FITS):  # the second time with all that was remembered
        memory = load(folder, fit)
        told[fit] = capsys.readouterr().err
        streamed = load(folder, fit, memory_limit=0.0)
        assert capsys.readouterr().err == told[fit]
        images = streamed.train.samples.fetch(streamed.train.indices)
        assert images.equal(memory.train.samples.fetch(memory.train.indices))
        assert (memory.describe(), memory.fit) == (streamed.describe(), fit)
        first = found.setdefault(fit, memory)
        assert first.describe() == memory.describe()
    # Of the same files; other pixels, statistics and memories of them.
    assert len({data.hash for data in found.values()}) == 1
    assert len({data.mean for data in found.values()}) == 3
    names = [path.name.split("-")[0] for path in (folder / ".cache").iterdir()]
    assert (names.count("statistics"), names.count("glimpses")) == (3, 3)
    for fit, data in found.items():
        assert data.describe()["fit"] == fit and told[fit].count("not square: --fit " + fit) == 1
        # Which images are the same depends on no fit.
        assert data.leaks.describe() == found["crop"].leaks.describe() and data.leaks.labels == 1


def test_what_is_not_square_is_told() -> None:
    # Of 4:3 a quarter is lost, of 4:1 three quarters; the median of .25, .25 and .75 is .25.
    sizes = np.array([[4, 3], [8, 8], [30, 40], [100, 400]], np.uint32)
    names = ["ant/0.jpg", "ant/1.jpg", "ant/2.jpg", f"bee/{'x' * 60}.jpg"]

    def told(rows: list[int], fit: str = "crop") -> str | None:
        return told_fit(sizes[rows], fit, lambda i: names[rows[i]])

    long = "bee/xxxxxxxxxxxxxxxxxxxxxx...xxxxxx.jpg"
    assert told([0, 1, 2, 3]) == (
        "3 of 4 images are not square: --fit crop leaves out the ends, 25 % for the median one,"
        f" 75 % for {long} (--fit pad or squeeze keeps all)"
    )
    assert told([1, 0, 2], "pad") == (
        "2 of 3 images are not square: --fit pad fills the square up with black, 25 % for each"
    )
    assert told([0], "squeeze") == (
        "1 of 1 images is not square: --fit squeeze makes the longer side shorter, by 25 % for"
        " ant/0.jpg"
    )
    assert told([1, 1]) is None
    sizes[:2] = [[1000, 999], [1, 1000]]
    assert "under 1 %" in told([0]) and "over 99 %" in told([1])
