"""Pictures of every mode: what a viewer shows, or a refusal; nothing turns black by chance."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from project.data import prepare
from project.data.decoding import Decoded, content, decode
from project.hyperparameters import Hyperparameters

SIDE = 4
RAMP = np.arange(0, 256, 16, dtype=np.uint8).reshape(SIDE, SIDE)
COLOURS = np.stack([RAMP, RAMP.T, 255 - RAMP], axis=-1)


def read(image: Image.Image, name: str, **options: object) -> Decoded:
    """What is decoded of an image after it was written; of its own size, so nothing is scaled."""
    file = io.BytesIO()
    image.save(file, {"tif": "TIFF", "jpg": "JPEG"}.get(name[-3:], name[-3:].upper()), **options)
    return decode(io.BytesIO(file.getvalue()), name, SIDE)


def grey(values: np.ndarray) -> np.ndarray:
    return np.repeat(values[None], 3, axis=0)


def palette() -> Image.Image:
    image = Image.fromarray(np.arange(16, dtype=np.uint8).reshape(SIDE, SIDE), "P")
    image.putpalette(COLOURS.tobytes())
    return image


def on_white(colour: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    share = alpha[..., None] / 255
    return (colour * share + 255 * (1 - share)).transpose(2, 0, 1)


RGB = Image.fromarray(COLOURS)
ALPHA = Image.fromarray(RAMP.T)
GREY = Image.fromarray(RAMP)
PALE = COLOURS // 2 + 64  # all of it is within what 8 bits of LAB tell apart well
LAB = ImageCms.profileToProfile(
    Image.fromarray(PALE),
    ImageCms.createProfile("sRGB"),
    ImageCms.createProfile("LAB"),
    outputMode="LAB",
)
BIG_ENDIAN = (RAMP.astype(np.uint16) * 257).astype(">u2").tobytes()
FLAT = COLOURS.transpose(2, 0, 1)
# What is written, the file's ending, what should be seen, and by how many levels it may be off.
SHOWN = {
    "1": (Image.fromarray(RAMP > 99), "png", grey((RAMP > 99) * 255), 0),
    "1 tif": (Image.fromarray(RAMP > 99), "tif", grey((RAMP > 99) * 255), 0),
    "L": (GREY, "png", grey(RAMP), 0),
    "L pgm": (GREY, "ppm", grey(RAMP), 0),
    "LA": (Image.merge("LA", (GREY, ALPHA)), "png", on_white(RAMP[..., None], RAMP.T), 1),
    "P": (palette(), "png", FLAT, 0),
    "P gif": (palette(), "gif", FLAT, 0),
    "PA": (palette().convert("PA"), "tif", FLAT, 0),
    "RGB": (RGB, "png", FLAT, 0),
    "RGB bmp": (RGB, "bmp", FLAT, 0),
    "RGB jpg": (RGB.resize((64, 64)), "jpg", None, 0),
    "RGBA": (Image.merge("RGBA", (*RGB.split(), ALPHA)), "png", on_white(COLOURS, RAMP.T), 1),
    "RGBA opaque": (RGB.convert("RGBA"), "png", FLAT, 0),
    "CMYK": (RGB.convert("CMYK"), "tif", FLAT, 0),
    "YCbCr": (RGB.convert("YCbCr"), "tif", FLAT, 3),
    "LAB": (LAB, "tif", PALE.transpose(2, 0, 1), 4),
    "I": (Image.fromarray(RAMP.astype(np.int32)), "tif", grey(RAMP), 0),
    "I pgm": (Image.fromarray(RAMP.astype(np.int32) * 257), "ppm", grey(RAMP), 0),
    "I;16": (Image.fromarray(RAMP.astype(np.uint16) * 257), "png", grey(RAMP), 0),
    "I;16 tif": (Image.fromarray(RAMP.astype(np.uint16) * 256 + 7), "tif", grey(RAMP), 0),
    "I;16B": (Image.frombytes("I;16B", (SIDE, SIDE), BIG_ENDIAN), "tif", grey(RAMP), 0),
}


@pytest.mark.parametrize("case", SHOWN)
def test_what_a_viewer_shows(case: str) -> None:
    image, ending, expected, off = SHOWN[case]
    assert case.split()[0] == image.mode, "the table writes what it says"
    found = read(image, f"a.{ending}")
    if expected is None:  # it is as good as Pillow's own, which is what it was made of
        file = io.BytesIO()
        image.save(file, "JPEG")
        opened = Image.open(file)
        opened.draft("RGB", (2 * SIDE, 2 * SIDE))
        expected = np.asarray(opened.resize((SIDE, SIDE), Image.Resampling.BILINEAR))
        expected = expected.transpose(2, 0, 1)
    assert found.pixels.dtype == np.uint8 and found.pixels.shape == (3, SIDE, SIDE)
    assert np.abs(found.pixels - expected.astype(float)).max() <= off + 0.5 * (off > 0)
    assert found.see_through == (case in ("LA", "RGBA")) and not found.is_film


@pytest.mark.parametrize(
    "image, ending, options, expected",
    [
        (GREY, "png", {"transparency": 16}, np.where(RAMP == 16, 255, RAMP)),
        (GREY, "png", {"transparency": 17}, RAMP),
        (Image.fromarray(RAMP.astype(np.uint16) * 257), "png", {"transparency": 16 * 257}, None),
        (palette(), "png", {"transparency": 1}, None),
        (palette(), "png", {"transparency": b"\xff\x00"}, None),
        (palette(), "gif", {"transparency": 1}, None),
        (RGB, "png", {"transparency": tuple(COLOURS[0, 1].tolist())}, None),
    ],
)
def test_transparent_colours_are_white(
    image: Image.Image, ending: str, options: dict, expected: np.ndarray | None
) -> None:
    opaque = read(image, f"a.{ending}").pixels
    if expected is None:
        expected = opaque.copy()
        expected[:, 0, 1] = 255  # the second pixel is of the second colour
    found = read(image, f"a.{ending}", **options)
    np.testing.assert_array_equal(found.pixels, np.broadcast_to(expected, opaque.shape))
    assert found.see_through == bool((expected != opaque).any())


def test_black_on_transparent_is_seen_and_white_on_transparent_refused() -> None:
    black = Image.merge("RGBA", (*Image.new("RGB", (SIDE, SIDE)).split(), ALPHA))
    np.testing.assert_array_equal(read(black, "a.png").pixels, grey(255 - RAMP.T))
    white = Image.merge("RGBA", (*Image.new("RGB", (SIDE, SIDE), "white").split(), ALPHA))
    with pytest.raises(ValueError, match="can't show the image a.png: nothing of it is seen on"):
        read(white, "a.png")
    # Where there is nothing to be seen, nothing is lost.
    empty = Image.new("RGBA", (SIDE, SIDE), (9, 8, 7, 0))
    assert (read(empty, "a.png").pixels == 255).all()


def tiff(bits: int, photometric: int, data: bytes, samples: int = 1) -> io.BytesIO:
    """A TIFF of 4 x 4 pixels as Pillow can't write it."""
    tags = [(256, SIDE), (257, SIDE), (258, bits), (259, 1), (262, photometric), (273, 8)]
    tags += [(277, samples), (278, SIDE), (279, len(data))]
    if samples == 3:
        data += struct.pack("<3H", bits, bits, bits)
    entries = [
        (
            struct.pack("<HHII", tag, 3, 3, 8 + len(data) - 6)
            if tag == 258 and samples == 3
            else struct.pack("<HHIHH", tag, 3, 1, value, 0)
        )
        for tag, value in tags
    ]
    directory = struct.pack("<H", len(entries)) + b"".join(entries) + bytes(4)
    return io.BytesIO(b"II*\0" + struct.pack("<I", 8 + len(data)) + data + directory)


def test_tiffs_of_12_bits_and_of_inverted_ones() -> None:
    values = RAMP.astype(np.uint16) * 16 + 5  # of 12 bits
    first, second = values.ravel()[::2], values.ravel()[1::2]
    packed = np.stack([first >> 4, (first & 15) << 4 | second >> 8, second & 255], axis=1)
    found = decode(tiff(12, 1, packed.astype(np.uint8).tobytes()), "a.tif", SIDE)
    np.testing.assert_array_equal(found.pixels, grey(RAMP))
    deep = (RAMP.astype("<u2") * 257).tobytes()
    for photometric, expected in ((1, RAMP), (0, 255 - RAMP)):
        found = decode(tiff(16, photometric, deep), "a.tif", SIDE)
        np.testing.assert_array_equal(found.pixels, grey(expected))


def integers(*values: int, dtype: type = np.int32) -> Image.Image:
    return Image.fromarray(np.resize(np.array(values, dtype), (SIDE, SIDE)))


@pytest.mark.parametrize(
    "image, ending, reason",
    [
        (integers(0, 256), "tif", "it has 32-bit pixels from 0 to 256, whose range is unknown"),
        (integers(-1, 255), "tif", "it has 32-bit pixels from -1 to 255, whose"),
        (integers(0, 255, dtype=np.uint16), "png", "its pixels, from 0 to 255 of 65,535, would"),
        (integers(0, 200, dtype=np.uint16), "tif", "its pixels, from 0 to 200 of 65,535, would"),
        (integers(0, 1, dtype=np.float32), "tif", "it has floating-point pixels, whose range"),
    ],
)
def test_what_would_be_black_or_guessed_is_refused(
    image: Image.Image, ending: str, reason: str
) -> None:
    with pytest.raises(ValueError) as refused:
        read(image, f"a.{ending}")
    text = str(refused.value)
    assert text.startswith(f"can't show the image a.{ending}: {reason}") and "\n" not in text
    assert "save it with 8 bits" in text


def test_16_bits_a_colour_of_which_the_upper_8_are_nothing() -> None:
    dark, bright = COLOURS.astype("<u2").tobytes(), (COLOURS.astype("<u2") * 257).tobytes()
    np.testing.assert_array_equal(decode(tiff(16, 2, bright, 3), "a.tif", SIDE).pixels, FLAT)
    with pytest.raises(ValueError, match="a.tif: its pixels of 16 bits a colour are all the same"):
        decode(tiff(16, 2, dark, 3), "a.tif", SIDE)
    with pytest.raises(ValueError, match="a.tif: its pixels of 16 bits a colour are all the same"):
        content(tiff(16, 2, dark, 3), "a.tif")


@pytest.mark.parametrize("kind, colours", [(4, RAMP[..., None]), (6, COLOURS)])
def test_16_bits_a_colour_and_transparency(kind: int, colours: np.ndarray) -> None:
    """PNGs that Pillow can't write: of grey (4) and of colours (6), with an alpha channel."""

    def png(colours: np.ndarray, alpha: int) -> io.BytesIO:
        pixels = np.dstack([colours, np.full((SIDE, SIDE), alpha)]).astype(">u2")
        data = b"".join(b"\0" + row.tobytes() for row in pixels)
        header = struct.pack(">IIBBBBB", SIDE, SIDE, 16, kind, 0, 0, 0)
        parts = [(b"IHDR", header), (b"IDAT", zlib.compress(data)), (b"IEND", b"")]
        chunks = [
            struct.pack(">I", len(c)) + t + c + struct.pack(">I", zlib.crc32(t + c))
            for t, c in parts
        ]
        return io.BytesIO(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))

    bright = decode(png(colours * 257.0, 65535), "a.png", SIDE)
    np.testing.assert_array_equal(bright.pixels, FLAT if kind == 6 else grey(RAMP))
    for alpha in (65535, 32768):
        with pytest.raises(ValueError, match="a.png: its pixels of 16 bits a colour are all the"):
            decode(png(colours, alpha), "a.png", SIDE)


@pytest.mark.parametrize("ending", ["gif", "png", "tif", "webp"])
def test_of_several_frames_the_first_is_taken(ending: str) -> None:
    file, later = io.BytesIO(), Image.new("RGB", (SIDE, SIDE), "red")
    options = {"webp": {"lossless": True}}.get(ending, {})
    name = {"tif": "TIFF"}.get(ending, ending.upper())
    palette().convert("RGB").save(
        file, name, save_all=True, append_images=[later, later], **options
    )
    found = decode(io.BytesIO(file.getvalue()), f"a.{ending}", SIDE)
    np.testing.assert_array_equal(found.pixels, FLAT)
    assert found.is_film


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("ending", ["jpg", "png", "tif", "webp"])
def test_upright_in_any_format(ending: str, orientation: int) -> None:
    pixels = np.zeros((40, 60), np.uint8)
    pixels[:20, :20] = 200
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    kind = {"jpg": "JPEG", "tif": "TIFF"}.get(ending, ending.upper())
    Image.fromarray(pixels).convert("RGB").save(file, kind, exif=exif)
    found = decode(io.BytesIO(file.getvalue()), f"a.{ending}", SIDE)
    # The corner that is bright: on top and left, and where each orientation says that it belongs.
    turned = [pixels, pixels[:, ::-1], pixels[::-1, ::-1], pixels[::-1]]
    turned += [pixels.T, pixels.T[:, ::-1], pixels.T[::-1, ::-1], pixels.T[::-1]]
    expected = turned[orientation - 1]
    assert found.size == expected.shape[::-1]
    corners = found.pixels[0, [0, 0, -1, -1], [0, -1, 0, -1]]
    bright = expected[[0, 0, -1, -1], [0, -1, 0, -1]]
    # The left third of a wide picture is cut off to the middle: its edge is in the corner still.
    assert corners.argmax() == bright.argmax()


def test_what_is_not_shown_as_it_is_is_told_once(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    black = Image.merge("RGBA", (*Image.new("RGB", (SIDE, SIDE)).split(), ALPHA))
    for i in range(4):
        black.save(folder / "ant" / f"icon{i}.png")
        black.putpixel((0, i), (50, 0, 0, 255))
    palette().save(folder / "bee" / "film.gif", save_all=True, append_images=[GREY])
    (folder / "bee" / "notes.txt").write_text("no image")
    told = [
        "note: left out: 1 file not named like images (1 '.txt')",
        "note: 4 images with transparent parts, which are white here"
        " (ant/icon0.png, ant/icon1.png, ant/icon2.png, ...)",
        "note: 1 image of several frames or pages, of which the first is taken (bee/film.gif)",
    ]
    for memory_limit in (4.0, 0.0, 0.0):
        prepare(
            Hyperparameters(
                data="image-folder",
                data_dir=str(folder),
                image_size=4,
                num_workers=0,
                memory_limit=memory_limit,
            )
        )
        lines = capsys.readouterr().err.splitlines()
        assert [line for line in lines if "not square" not in line] == told
