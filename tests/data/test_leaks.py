"""The same image in two splits or under two labels: found by its pixels, counted, named."""

import io
import shutil
from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from project.data import Data, Raw, Resident
from project.data import pictures as _pictures
from project.data import prepare
from project.data._identity import identify
from project.data._leaks import find_leaks
from project.data._split import Splits, Subset
from project.data._suspects import suspects
from project.data.decoding import decode
from project.data.glimpses import glimpse
from project.hyperparameters import Hyperparameters

Write = Callable[..., None]
NONE = {"train/test": 0, "val/test": 0, "train/val": 0}


def load(folder: Path, memory_limit: float = 4.0, **values: object) -> Data:
    values = {"image_size": 8, "num_workers": 0, "batch_size": 4, **values}
    return prepare(
        Hyperparameters(
            data="image-folder", data_dir=str(folder), memory_limit=memory_limit, **values
        )
    )


@pytest.fixture
def splits(tmp_path: Path, write_images: Write) -> Path:
    """Official splits of images of which no two are the same."""
    for seed, split in enumerate(("train", "val", "test")):
        write_images(tmp_path / split, {"ant": 4, "bee": 4}, seed=seed)
    return tmp_path


def blocks(path: Path, side: int = 400, seed: int = 5) -> Image.Image:
    """A large picture that JPEG keeps nearly as it is, whose quarters differ."""
    coarse = np.random.default_rng(seed).integers(0, 256, (side // 50, side // 50, 3), np.uint8)
    image = Image.fromarray(np.kron(coarse, np.ones((50, 50, 1), np.uint8)))
    image.save(path, quality=95)
    return Image.open(path)


@pytest.mark.parametrize("memory_limit", [4.0, 0.0])
def test_no_leaks_cost_no_word(splits: Path, memory_limit: float) -> None:
    leaks = load(splits, memory_limit).leaks
    assert not leaks and list(leaks.lines()) == [] and leaks.rows == []
    assert leaks.describe() == {"pairs": NONE, "labels": 0, "test": 0, "examples": {}}


@pytest.mark.parametrize(
    "memory_limit, fit", [(4.0, "crop"), (0.0, "crop"), (4.0, "pad"), (4.0, "squeeze")]
)
def test_the_same_pixels_are_found_whatever_the_files_bytes(
    splits: Path, memory_limit: float, fit: str
) -> None:
    train, test = splits / "train" / "ant", splits / "test" / "ant"
    Image.open(train / "000.png").save(test / "a.bmp")
    with_exif = Image.Exif()
    with_exif[0x010E] = "a description"
    Image.open(train / "001.png").save(test / "b.png", exif=with_exif)
    shutil.copy(train / "002.png", test / "c.png")
    # Turned by 90 degrees in its pixels, and turned back by what its EXIF says.
    turned = Image.Exif()
    turned[0x0112] = 6
    Image.open(train / "003.png").rotate(90, expand=True).save(test / "d.png", exif=turned)
    # A JPEG is decoded at an eighth of its size, its copy in another format as it is.
    blocks(train / "e.jpg").save(test / "e.webp", lossless=True)
    shutil.copy(test / "e.webp", splits / "val" / "ant" / "e2.webp")
    leaks = load(splits, memory_limit, fit=fit).leaks
    assert leaks.pairs == {"train/test": 5, "val/test": 1, "train/val": 1}
    assert leaks.examples["train/test"] == [
        f"train/ant/00{i}.png = test/ant/{name}"
        for i, name in enumerate(("a.bmp", "b.png", "c.png"))
    ]
    assert leaks.labels == 0
    names = sorted(path.name for path in (splits / "test" / "ant").iterdir())
    assert [names[row] for row in leaks.rows] == ["a.bmp", "b.png", "c.png", "d.png", "e.webp"]
    lines = list(leaks.lines())
    assert lines[0].startswith("5 of 13 test images are also in training (train/ant/000.png = ")
    assert lines[0].endswith(", ...)")
    assert lines[1] == (
        "1 of 13 test images are also in validation (val/ant/e2.webp = test/ant/e.webp)"
    )


@pytest.mark.parametrize("memory_limit", [4.0, 0.0])
def test_what_only_looks_the_same_is_no_leak(splits: Path, memory_limit: float) -> None:
    # One pixel of 400 x 400 is off by one level: at 8 x 8 pixels nothing of it is left.
    image = blocks(splits / "train" / "ant" / "a.png")
    pixels = np.array(image)
    pixels[200, 200, 1] ^= 1
    Image.fromarray(pixels).save(splits / "test" / "ant" / "a.png")
    # The same square is cut out of a wider picture.
    square = np.array(Image.open(splits / "train" / "bee" / "000.png"))[:6, :6]
    wide = np.pad(square, ((0, 0), (6, 6), (0, 0)))
    Image.fromarray(square).save(splits / "train" / "bee" / "s.png")
    Image.fromarray(wide).save(splits / "test" / "bee" / "s.png")
    assert not load(splits, memory_limit).leaks


def write_at_random(folder: Path, rng: np.random.Generator) -> None:
    """A few pictures many times: as they are, with other bytes, in other formats, and alike."""
    pool = [blocks(folder / f"{i}.jpg", 200, seed=i).convert("RGB") for i in range(4)]
    for split, label in product(Splits._fields, ("ant", "bee", "cow")):
        place = folder / "data" / split / label
        place.mkdir(parents=True)
        for i in range(rng.integers(1, 4)):
            which, kind = rng.integers(len(pool)), rng.choice(["jpg", "bmp", "png", "off.png"])
            if kind == "jpg":
                content = (folder / f"{which}.jpg").read_bytes()
                (place / f"{i}.jpg").write_bytes(content + bytes(rng.integers(2)))
                continue
            copied = pool[which].copy()
            if kind == "off.png":
                copied.putpixel((int(rng.integers(2)), 70), (1, 2, 3))
            copied.save(place / f"{i}.{kind}")


@pytest.mark.parametrize("memory_limit", [4.0, 0.0])
@pytest.mark.parametrize("seed, overfit", [(0, None), (1, None), (2, 1), (3, 2)])
def test_counts_are_those_of_a_loop_over_all_pairs(
    tmp_path: Path, seed: int, overfit: int | None, memory_limit: float
) -> None:
    write_at_random(tmp_path, np.random.default_rng(seed))
    data = load(tmp_path / "data", memory_limit, overfit_batches=overfit)
    seen = []
    for split in ("train", "test") if overfit else Splits._fields:
        part = getattr(data, split)
        paths = [p for p in data.files.paths if f"/data/{split}/" in p]
        for row in part.indices.tolist():
            pixels = Image.open(paths[row]).convert("RGB").tobytes()
            seen.append((split, row, int(part.samples.targets.values[row]), pixels))
    pairs = dict.fromkeys(NONE, 0)
    for first, second in (pair.split("/") for pair in NONE):
        before = {image for split, *_, image in seen if split == first}
        pairs[f"{first}/{second}"] = sum(s == second and i in before for s, *_, i in seen)
    fitted = {image for split, *_, image in seen if split != "test"}
    rows = [row for split, row, _, image in seen if split == "test" and image in fitted]
    images = {image for *_, image in seen}
    labels = sum(len({t for _, _, t, i in seen if i == image}) > 1 for image in images)
    assert (data.leaks.pairs, data.leaks.labels) == (pairs, labels)
    assert sorted(data.leaks.rows) == rows and rows


def test_two_labels_are_told_whatever_the_split(splits: Path) -> None:
    shutil.copy(splits / "train" / "ant" / "000.png", splits / "train" / "bee" / "x.png")
    shutil.copy(splits / "train" / "ant" / "001.png", splits / "val" / "bee" / "y.png")
    leaks = load(splits).leaks
    assert leaks.labels == 2 and leaks.pairs == NONE | {"train/val": 1}
    assert list(leaks.lines())[-1] == (
        "2 images have more than one label (train/ant/000.png = train/bee/x.png,"
        " train/ant/001.png = val/bee/y.png)"
    )


def test_what_was_seen_of_streamed_images_is_remembered(
    splits: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    blocks(splits / "train" / "ant" / "e.jpg").save(splits / "test" / "ant" / "e.png")
    monkeypatch.setattr(_pictures, "MANY", 2)
    first = load(splits, 0.0)
    # The statistics have shown the training images already.
    looked, square = capsys.readouterr().err.splitlines()
    assert looked == "note: 17 images are looked at once, to find equal ones"

    def refuse(*args: object) -> None:
        raise AssertionError("looked at again")

    monkeypatch.setattr(_pictures, "content", refuse)
    monkeypatch.setattr("project.data.streamed.decode", refuse)
    second = load(splits, 0.0)
    assert second.leaks.describe() == first.leaks.describe() and second.leaks.rows
    assert capsys.readouterr().err == f"{square}\n"
    monkeypatch.undo()
    # Of a new image alone there is something to see; what is damaged is looked at anew.
    shutil.copy(splits / "train" / "ant" / "000.png", splits / "test" / "bee" / "new.png")
    assert load(splits, 0.0).leaks.pairs["train/test"] == 2
    path = splits / ".cache" / "glimpses-8"
    path.write_bytes(path.read_bytes()[:-1])
    assert load(splits, 0.0).leaks.describe() == load(splits).leaks.describe()


@pytest.mark.parametrize(
    "fit", ["crop", *(pytest.param(fit, marks=pytest.mark.nightly) for fit in ("pad", "squeeze"))]
)
def test_a_jpeg_is_suspect_beside_its_copy_and_little_else_is(tmp_path: Path, fit: str) -> None:
    def seen(image: Image.Image, name: str) -> np.ndarray:
        image.save(tmp_path / name, quality=80)
        return glimpse(decode(io.BytesIO((tmp_path / name).read_bytes()), name, 16, fit))

    rng = np.random.default_rng(0)
    found = []
    for i in range(20):
        coarse = Image.fromarray(rng.integers(0, 256, (6, 6, 3), np.uint8))
        seen(coarse.resize((333, 257), Image.Resampling.BICUBIC), "a.jpg")
        copied = Image.open(tmp_path / "a.jpg")
        found += [seen(copied, "b.jpg"), seen(copied, "b.png")][: 2 if i < 15 else 1]
    assert suspects(np.array(found), 16).tolist() == list(range(30))


def test_images_in_memory_are_the_same_pixel_by_pixel() -> None:
    images = torch.zeros(7, 1, 3, 3, dtype=torch.uint8)
    images[1, 0, 2, 2] = images[4, 0, 2, 2] = 1
    images[2, 0, 0, 0] = 128
    # Bytes that weighted sums modulo 2^64 could lose: the top bits of two words.
    images[3, 0, 0, 0] = images[3, 0, 1, 1] = 128
    numbers = identify([images[:5], images[5:]])
    assert numbers.tolist() == [0, 1, 2, 3, 1, 0, 0]
    wide = torch.randint(0, 2, (50, 3, 5, 5), dtype=torch.uint8)
    assert len(set(identify([wide]).tolist())) == len({row.numpy().tobytes() for row in wide})


def test_leaks_of_arrays_are_counted_by_hand() -> None:
    images = torch.arange(8, dtype=torch.uint8).view(8, 1, 1, 1)
    train, test = Resident(images, torch.arange(8) % 2), Resident(
        images[:3], torch.tensor([0, 1, 1])
    )
    raw = Raw(train, test, ("even", "odd"))
    splits = Splits(
        Subset(train, torch.tensor([0, 1, 3])),
        Subset(train, torch.tensor([2])),
        Subset(test, torch.tensor([0, 1, 2])),
    )
    leaks = find_leaks(raw, splits)
    # 0 and 1 have trained, 2 has validated, as an even number; in the test it is an odd one.
    assert leaks.pairs == {"train/test": 2, "val/test": 1, "train/val": 0}
    assert (leaks.rows, leaks.labels) == ([0, 1, 2], 1)
    assert leaks.examples["labels"] == ["training image 2 (even) = test image 2 (odd)"]
    # Few batches that are validated on purpose are no leak.
    few = splits.train
    assert find_leaks(raw, splits._replace(val=few)).pairs == {
        "train/test": 2,
        "val/test": 0,
        "train/val": 0,
    }


def test_batches_of_the_test_mark_leaks(splits: Path) -> None:
    shutil.copy(splits / "train" / "bee" / "000.png", splits / "test" / "ant" / "zz.png")
    h = Hyperparameters(data="image-folder", data_dir=str(splits), image_size=8, batch_size=2)
    data = prepare(h)
    loaders = [data.loader("test", h, rank=rank, world_size=2) for rank in range(2)]
    marks = [[m.tolist() for block in loader for m in block.leaked] for loader in loaders]
    # Of 9 samples the fifth is one: the first of the third batch. The last batch is rank 1's alone.
    assert marks == [[[False], [False], [True], [False]], [[False]] * 5]
    for split in ("train", "val"):
        assert all(block.leaked is None for block in data.loader(split, h))
