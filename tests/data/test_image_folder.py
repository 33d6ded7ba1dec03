"""A person's own folder of images: what is read, and what is refused."""

import io
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from project.data import Data
from project.data import hashing as _hashing
from project.data import prepare
from project.data.decoding import decode
from project.hyperparameters import Hyperparameters

Write = Callable[..., None]


def load(folder: Path, **values: object) -> Data:
    values = {"image_size": 8, "num_workers": 0, "batch_size": 4, "seed": 1, **values}
    return prepare(Hyperparameters(data="image-folder", data_dir=str(folder), **values))


def encoded(image: Image.Image, path: Path) -> io.BytesIO:
    image.save(path)
    return io.BytesIO(path.read_bytes())


def test_images_become_squares_by_class_and_name(folder: Path) -> None:
    data = load(folder)
    assert data.classes == ("ant", "bee") and data.shape == (3, 8, 8)
    samples = data.train.samples
    assert samples.targets.values.tolist() == [0] * 7 + [1] * 6
    paths = sorted((folder / "ant").iterdir()) + sorted((folder / "bee").iterdir())
    for i, path in enumerate(paths):
        expected = decode(io.BytesIO(path.read_bytes()), str(path), 8).pixels
        np.testing.assert_array_equal(samples.images[i].numpy(), expected)


def test_the_default_size_is_64(folder: Path) -> None:
    assert load(folder, image_size=None).shape == (3, 64, 64)


def test_the_centre_is_kept_and_scaled(tmp_path: Path) -> None:
    # Of 4 x 8 pixels the middle 4 x 4 are kept, with rows of 10, 20, 30 and 40, and halved.
    # Pillow's bilinear filter weighs the pixels at distances .5, .5 and 1.5 with .75, .75 and .25:
    # downwards (10 * .75 + 20 * .75 + 30 * .25) / 1.75 = 17.14, and 32.86 likewise; sideways the
    # black on one side is mixed in with .25 of 2: 17.14 * .875 = 15.0 and 32.86 * .875 = 28.75.
    pixels = np.zeros((4, 8, 3), np.uint8)
    pixels[:, 2:6, 0] = np.array([10, 20, 30, 40])[:, None]
    square = decode(encoded(Image.fromarray(pixels), tmp_path / "wide.png"), "wide.png", 2).pixels
    assert square.dtype == np.uint8
    assert square[0].tolist() == [[15, 15], [29, 29]] and not square[1:].any()


def test_photographs_are_turned_upright_and_large_ones_stay_close(tmp_path: Path) -> None:
    ramp = np.linspace(0, 255, 64, dtype=np.uint8)[:, None].repeat(64, axis=1)
    image = Image.fromarray(ramp)
    turned = Image.Exif()
    turned[0x0112] = 3  # orientation: rotated by 180 degrees
    image.save(tmp_path / "a.jpg", exif=turned, quality=95)
    square = decode(io.BytesIO((tmp_path / "a.jpg").read_bytes()), "a.jpg", 8).pixels
    # Bright is now on top; row i of 8 is the mean of 8 rows of the ramp.
    expected = ramp[::-1, 0].reshape(8, 8).mean(axis=1)
    np.testing.assert_allclose(square[0].mean(axis=1), expected, atol=4)


def test_official_splits_are_recognised(tmp_path: Path, write_images: Write) -> None:
    write_images(tmp_path / "train", {"ant": 5, "bee": 6})
    write_images(tmp_path / "test", {"bee": 3, "ant": 2}, seed=1)
    counts = load(tmp_path, val_fraction=0.2).describe()["counts"]
    assert counts == {
        "train": {"total": 9, "per_class": [4, 5]},
        "val": {"total": 2, "per_class": [1, 1]},
        "test": {"total": 5, "per_class": [2, 3]},
    }
    write_images(tmp_path / "valid", {"ant": 1}, seed=2)
    counts = load(tmp_path).describe()["counts"]
    assert [counts[split]["per_class"] for split in ("train", "val", "test")] == [
        [5, 6],
        [1, 0],
        [2, 3],
    ]
    write_images(tmp_path / "val", {"ant": 1}, seed=3)
    with pytest.raises(ValueError, match="are both validation images; merge the folders"):
        load(tmp_path)


def test_folders_named_like_splits_can_be_classes(tmp_path: Path, write_images: Write) -> None:
    write_images(tmp_path, {"train": 3, "bus": 3})
    assert load(tmp_path).classes == ("bus", "train")


def test_what_is_no_image_is_left_alone(folder: Path) -> None:
    first = load(folder)
    (folder / "ant" / "notes.txt").write_text("notes")
    (folder / "ant" / "._000.png").write_bytes(b"what macOS leaves on other file systems")
    (folder / ".thumbnails").mkdir()
    assert load(folder).hash == first.hash


def test_what_is_hidden_in_a_class_is_left_alone(folder: Path) -> None:
    first = load(folder)
    (folder / "ant" / ".thumbnails").mkdir()
    (folder / "ant" / ".thumbnails" / "000.png").write_bytes(b"no image")
    assert load(folder).hash == first.hash


def test_links_are_followed_but_not_in_circles(folder: Path, tmp_path: Path) -> None:
    first = load(folder)
    (folder / "bee").rename(tmp_path / "elsewhere")
    (folder / "bee").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "blob").write_bytes((folder / "ant" / "002.png").read_bytes())
    (folder / "ant" / "002.png").unlink()
    (folder / "ant" / "002.png").symlink_to(tmp_path / "blob")
    assert load(folder).hash == first.hash
    (folder / "ant" / "back").symlink_to(folder)
    with pytest.raises(ValueError, match="ant/back/ant' is a link to a folder that it lies in"):
        load(folder)


@pytest.mark.parametrize("memory_limit", [4.0, 0.0])
def test_what_is_named_like_an_image_but_is_no_file(folder: Path, memory_limit: float) -> None:
    (folder / "ant" / "a.png").symlink_to("nowhere")
    with pytest.raises(ValueError, match="ant/a.png' is a broken link; mend or remove it"):
        load(folder, memory_limit=memory_limit)
    (folder / "ant" / "a.png").unlink()
    os.mkfifo(folder / "ant" / "a.png")  # to read it would wait for ever
    with pytest.raises(ValueError, match="ant/a.png' is no file; remove it"):
        load(folder, memory_limit=memory_limit)


def test_a_folder_that_cannot_be_read_is_no_empty_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "ant" / "locked").mkdir()
    scan = os.scandir

    def refuse(path: str) -> object:
        if path.endswith("locked"):
            raise PermissionError(13, "Permission denied", path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(PermissionError) as refused:
        load(folder)
    assert refused.value.filename == str(folder / "ant" / "locked")


@pytest.mark.parametrize("memory_limit", [4.0, 0.0])
def test_file_names_may_be_any_bytes(folder: Path, memory_limit: float) -> None:
    first = load(folder)
    path = folder / "ant" / "006.png"
    path.rename(folder / "ant" / os.fsdecode(b"\xff\n.png"))
    data = load(folder, memory_limit=memory_limit)
    assert data.hash == first.hash
    assert [name for name, _ in data.files.hashes()][6] == os.fsdecode(b"ant/\xff\n.png")


def test_a_large_image_is_the_same(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = load(folder)
    monkeypatch.setattr(_hashing, "LARGE", 100)
    for memory_limit in (4.0, 0.0):
        data = load(folder, memory_limit=memory_limit)
        assert data.describe() == first.describe()
        indices = data.train.indices
        assert torch.equal(data.train.samples.fetch(indices), first.train.samples.fetch(indices))


def test_images_may_lie_deeper(folder: Path) -> None:
    (folder / "ant" / "2024").mkdir()
    (folder / "ant" / "000.png").rename(folder / "ant" / "2024" / "000.png")
    assert load(folder).describe()["counts"] == load(folder).describe()["counts"]
    assert len(load(folder).train.samples) == 13


def test_missing_and_empty_folders_are_named(tmp_path: Path, write_images: Write) -> None:
    def message(folder: Path) -> str:
        with pytest.raises(ValueError) as error:
            load(folder)
        assert "\n" not in str(error.value)
        return str(error.value)

    assert "nowhere does not exist; images belong into" in message(tmp_path / "nowhere")
    (tmp_path / "file").write_text("")
    assert "file is not a folder" in message(tmp_path / "file")
    folder = tmp_path / "images"
    folder.mkdir()
    assert "images has no sub-folders, but at least 2 classes are needed" in message(folder)
    write_images(folder, {"ant": 3})
    assert "images has only the sub-folder 'ant'" in message(folder)
    (folder / "bee").mkdir()
    assert "the class folder" in message(folder) and "bee has no images (.bmp" in message(folder)
    (folder / "bee").rmdir()
    write_images(folder, {"bee": 2})
    assert "class 'bee' has 2 samples, too few" in message(folder)


def test_an_unknown_class_in_the_test_folder_is_named(tmp_path: Path, write_images: Write) -> None:
    write_images(tmp_path / "train", {"ant": 3, "bee": 3})
    write_images(tmp_path / "test", {"cow": 3})
    with pytest.raises(ValueError, match="cow is no class of the training images; add 'cow' there"):
        load(tmp_path)


@pytest.mark.parametrize("memory_limit", [4.0, 0.0])
@pytest.mark.parametrize("content", [b"", b"no image at all"])
def test_an_unreadable_image_is_named_before_training(
    content: bytes, memory_limit: float, folder: Path
) -> None:
    (folder / "bee" / "001.png").write_bytes(content)
    with pytest.raises(
        ValueError, match=r"can't read the image .*bee.001.png: it is empty or in no"
    ):
        load(folder, memory_limit=memory_limit)


def test_a_truncated_image_is_named(folder: Path) -> None:
    path = folder / "bee" / "001.png"
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(
        ValueError, match=r"can't read the image .*bee.001.png: .*; repair the file"
    ):
        load(folder)


@pytest.mark.parametrize("name", [b"c\xff", b"two\nlines"])
def test_a_class_name_that_is_no_text_is_named(
    tmp_path: Path, write_images: Write, name: bytes
) -> None:
    write_images(tmp_path, {"a": 4, "b": 4})
    (tmp_path / "b").rename(tmp_path / os.fsdecode(name))
    with pytest.raises(ValueError, match="is not printable UTF-8") as raised:
        load(tmp_path)
    assert repr(os.fsdecode(name)) in str(raised.value)
