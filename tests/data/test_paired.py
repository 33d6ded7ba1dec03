"""A person's own images and masks: what is read, and what is refused."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from project.data import Raw, prepare
from project.data.coding import read_coding
from project.data.mask_files import read_mask
from project.datasets import paired
from project.hyperparameters import Hyperparameters
from project.values import IGNORED

RNG = np.random.default_rng(0)
PHOTO = RNG.integers(0, 256, (6, 8, 3), dtype=np.uint8)
MASK = RNG.integers(0, 3, (6, 8), dtype=np.uint8)
MASK[0, :4] = [0, 1, 2, IGNORED]
Write = Callable[..., Path]


def hparams(folder: Path, ignore_value: int | None = 255, **values: object) -> Hyperparameters:
    own = {"paired": {"ignore_value": ignore_value}}
    of_data = {"data": "paired", "data_dir": str(folder), "num_workers": 0, "plugs": own}
    return Hyperparameters(model="unet", **of_data, **values)


def load(folder: Path, *args: object, **values: object) -> Raw:
    return paired.load(hparams(folder, *args, **values))


def save(path: Path, array: np.ndarray | Image.Image) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".npy":
        np.save(path, array)
    elif isinstance(array, np.ndarray):
        Image.fromarray(array).save(path)
    else:
        array.save(path)
    return path


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes pairs into a folder: of each split, of each name, an image and a mask."""

    def pairs(
        names: dict[str, list[str]],
        image: np.ndarray | Image.Image = PHOTO,
        mask: np.ndarray | Image.Image = MASK,
        kinds: tuple[str, str] = ("images", "masks"),
        endings: tuple[str, str] = (".png", ".png"),
    ) -> Path:
        for split, stems in names.items():
            for stem in stems:
                save(tmp_path / split / kinds[0] / f"{stem}{endings[0]}", image)
                save(tmp_path / split / kinds[1] / f"{stem}{endings[1]}", mask)
        return tmp_path

    return pairs


def refused(folder: Path, *args: object, **values: object) -> str:
    with pytest.raises(ValueError) as caught:
        load(folder, *args, **values)
    return str(caught.value).replace(str(folder), "D")


def masks(raw: Raw) -> np.ndarray:
    return raw.train.targets.values.numpy()


SPLITS = {"train": ["b", "a/1", "ä ö/grün 2"], "val": ["a"], "test": ["a", "c"]}


@pytest.mark.parametrize("kinds", [("x", "y"), ("images", "masks"), ("Images", "MASKS")])
@pytest.mark.parametrize("endings", [(".PNG", ".png"), (".tif", ".TIFF"), (".npy", ".npy")])
def test_pairs_go_by_split_and_name(write: Write, kinds: tuple, endings: tuple) -> None:
    raw = load(write(SPLITS, kinds=kinds, endings=endings))
    assert raw.classes == ("class 0", "class 1", "class 2")
    assert [len(part) for part in (raw.train, raw.val, raw.test)] == [3, 1, 2]
    np.testing.assert_array_equal(raw.train.images.numpy(), [PHOTO.transpose(2, 0, 1)] * 3)
    np.testing.assert_array_equal(masks(raw), [MASK] * 3)
    names = [name for name, _ in raw.files.hashes()]
    stems = [f"train/{kinds[0]}/{stem}{endings[0]}" for stem in ("a/1", "b", "ä ö/grün 2")]
    assert names[:3] == stems and len(names) == 12


def test_without_splits_all_are_cut_off_later(write: Write) -> None:
    raw = load(write({".": ["a", "b"], "images": []}))
    assert len(raw.train) == 2 and raw.val is None and raw.test is None


def test_files_alone_are_named_each_in_a_line(write: Write) -> None:
    folder = write(SPLITS)
    (folder / "test/masks/c.png").unlink()
    (folder / "test/images/a.png").rename(folder / "test/images/z.png")
    assert refused(folder).splitlines() == [
        "'D/test/images/c.png' has no mask",
        "'D/test/images/z.png' has no mask",
        "'D/test/masks/a.png' has no image: give an image and its mask the same name (without the"
        " ending), or remove it",
    ]
    for i in range(9):
        save(folder / f"test/images/more {i}.png", PHOTO)
    assert refused(folder).splitlines()[-1].startswith("and 7 more in D/test: give")


def test_the_same_letters_in_other_bytes_are_one_name(write: Write) -> None:
    folder = write({"train": ["gr\u00fcn", "a.b"]})
    (folder / "train/masks/gr\u00fcn.png").rename(folder / "train/masks/gru\u0308n.png")
    assert len(load(folder).train) == 2
    save(folder / "train/images/A.png", PHOTO)
    assert refused(folder).startswith("'D/train/images/A.png' has no mask: give an image and its")


def test_other_layouts_are_refused_and_strays_told(
    write: Write, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    assert refused(tmp_path / "no").startswith("--data-dir D does not exist; images and their")
    assert refused(tmp_path).startswith("D has no folder 'train'; images and their masks belong")
    folder = write({"train": ["a", "b"], "valid": ["c"]})
    (folder / "train/notes.txt").write_text("")
    (folder / "train/images/Thumbs.db").write_text("")
    assert len(load(folder).val) == 1
    told = capsys.readouterr().err
    assert "left out: 2 that are no pair" in told and "notes.txt" in told
    save(folder / "train/images/a.jpg", PHOTO)
    assert refused(folder) == (
        "'D/train/images/a.jpg' and 'D/train/images/a.png' have one name; remove one"
    )
    (folder / "train/images/a.jpg").unlink()
    (folder / "train/y").mkdir()
    assert refused(folder).startswith("D/train has 'masks', 'y', all of them masks; images")
    (folder / "train/y").rmdir()
    (folder / "extra").mkdir()
    assert refused(folder).startswith("D/extra is no split, nor images or masks; images and")
    (folder / "extra").rename(folder / "validation")
    assert refused(folder).endswith("in D are both for val; merge the folders")


def palette(mask: np.ndarray) -> Image.Image:
    image = Image.fromarray(mask).convert("P")
    image = Image.fromarray(mask, "L")
    image.putpalette([c for i in range(256) for c in (i, 255 - i, 7 * i % 256)])
    return image


OPAQUE = np.dstack([MASK, MASK, MASK, np.full_like(MASK, 255)])


@pytest.mark.parametrize(
    "mask, ending",
    [
        (palette(MASK), ".png"),
        (Image.fromarray(MASK.astype(np.uint16)), ".png"),
        (Image.fromarray(MASK.astype(np.int32)), ".tif"),
        (Image.fromarray(MASK.astype(np.float32)), ".tif"),
        (Image.fromarray(np.dstack([MASK] * 3)), ".png"),
        (Image.fromarray(OPAQUE), ".png"),
        (Image.fromarray(OPAQUE[..., [0, 3]]), ".png"),
        (MASK.astype(np.int64), ".npy"),
        (MASK[None].astype(np.uint16), ".npy"),
        (MASK[..., None].astype(np.float64), ".npy"),
    ],
)
def test_masks_are_values_in_any_format(write: Write, mask: object, ending: str) -> None:
    raw = load(write({"train": ["a", "b"]}, mask=mask, endings=(".png", ending)))
    np.testing.assert_array_equal(masks(raw), [MASK] * 2)


def test_the_ignored_value_may_be_another_or_none(write: Write) -> None:
    folder = write({"train": ["a", "b"]}, mask=np.where(MASK == IGNORED, 3, MASK).astype(np.uint8))
    assert load(folder).classes == tuple(f"class {i}" for i in range(4))
    raw = load(folder, 0)  # as in ADE20K: 0 is what has no class
    assert raw.classes == ("class 1", "class 2", "class 3")
    whole = np.where(MASK == IGNORED, 3, MASK).astype(int)
    np.testing.assert_array_equal(masks(raw)[0], np.where(whole == 0, IGNORED, whole - 1))


JSON = {"0": "ground", "1": "tree", "2": "ground", "255": "sky"}


def test_a_file_says_what_values_mean(write: Write) -> None:
    folder = write({"train": ["a", "b"], "test": ["c"]})
    (folder / "classes.json").write_text(json.dumps(JSON))
    raw = load(folder)
    assert raw.classes == ("ground", "tree", "sky")
    expected = np.select([MASK == 1, MASK == 255], [1, 2], 0)
    np.testing.assert_array_equal(masks(raw)[0], expected)
    assert "classes.json" in [name for name, _ in raw.files.hashes()]
    (folder / "classes.json").rename(folder / "classes.csv")
    (folder / "classes.csv").write_text("name, value\nground, 0\ntree,1\n,2\nsky,255\n\n")
    expected = np.select([MASK == 2, MASK == 1, MASK == 255], [IGNORED, 1, 2], 0)
    np.testing.assert_array_equal(masks(load(folder))[0], expected)


COLOURS = np.array([[0, 0, 0], [128, 0, 64], [128, 64, 0]], np.uint8)
COLOURED = COLOURS[MASK % 3]


@pytest.mark.parametrize(
    "name, text",
    [
        ("classes.json", '{"0,0,0": "ground", "128, 0,64": "tree", "128,64,0": null}'),
        ("classes.csv", "name,r,g,b\nground,0,0,0\ntree,128,0,64\n,128,64,0\n"),
    ],
)
def test_a_file_says_what_colours_mean(write: Write, name: str, text: str) -> None:
    folder = write({"train": ["a", "b"]}, mask=COLOURED)
    assert "has colours, as 128,0,64; say in classes.json in the data folder" in refused(folder)
    (folder / name).write_text(text)
    raw = load(folder)
    assert raw.classes == ("ground", "tree")
    np.testing.assert_array_equal(masks(raw)[0], np.array([0, 1, IGNORED])[MASK % 3])
    of_palette = Image.fromarray(MASK % 3, "L")
    of_palette.putpalette(COLOURS.ravel().tolist())
    save(folder / "train/masks/a.png", of_palette)
    np.testing.assert_array_equal(masks(load(folder)), masks(raw))
    save(folder / "train/masks/b.png", COLOURED + np.uint8(1))
    assert "b.png has the colour 1,1,1, which D/" in refused(folder)
    assert refused(folder).endswith(f"D/{name} does not name; name it there (null: ignored)")


@pytest.mark.parametrize(
    "text, problem",
    [
        ("", "Expecting value: line 1 column 1 (char 0)"),
        ("[1, 2]", "it is no object of values and names"),
        ('{"a": "tree"}', "'a' is no value, nor a colour"),
        ('{"0": "a", "70000": "b"}', "'70000' is no value up to 65535, nor a colour of three"),
        ('{"0": "a", "0,0": "b"}', "'0,0' is no value up to"),
        ('{"0": "a", "1,2,3": "b"}', "it has both values and colours"),
        ('{"0": "a", "0": "b"}', "'0' stands there twice"),
        ('{"0": "a", "1": 2}', "'1' has 2, no name"),
        ('{"0": "a", "1": null}', "its number of classes is 1, not 2 to 254"),
    ],
)
def test_a_wrong_file_of_classes_gets_a_line(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "classes.json").write_text(text)
    with pytest.raises(ValueError) as caught:
        read_coding(tmp_path, 255)
    assert str(caught.value).startswith(f"{tmp_path / 'classes.json'}: {problem}")
    assert "\n" not in str(caught.value)


def test_a_wrong_table_of_classes_gets_a_line(tmp_path: Path) -> None:
    path = tmp_path / "classes.csv"
    for text, problem in [
        ("id,name\n0,a\n", "its first line is 'id,name', not value,name or r,g,b,name"),
        ("value,name\n0\n", "'0' has 1 columns, not 2"),
        ("", "its first line is '', not"),
    ]:
        path.write_text(text)
        with pytest.raises(ValueError, match=problem):
            read_coding(tmp_path, 255)
    path.write_bytes(b"value,name\n0,\xff\n")
    with pytest.raises(ValueError, match="can't decode byte 0xff"):
        read_coding(tmp_path, 255)
    (tmp_path / "classes.json").write_text("{}")
    with pytest.raises(ValueError, match="has both classes.json and classes.csv; remove one"):
        read_coding(tmp_path, 255)


def other(value: int) -> np.ndarray:
    mask = MASK.copy()
    mask[1, 1:3] = value
    return mask


HALF = OPAQUE.copy()
HALF[0, 0, 3] = 0


@pytest.mark.parametrize(
    "ending, mask, problem",
    [
        (
            ".png",
            MASK[:, :7],
            "D/train/masks/b.png is 6 x 7 (height x width), but its image b.png 6 x 8;",
        ),
        (".png", other(9), "D/train/masks/b.png has the value 9, but no training mask has 3: say"),
        (
            ".png",
            other(0).astype(np.uint16) * 100,
            "has the value 25500, more than there can be classes; say in",
        ),
        (
            ".png",
            HALF,
            "the mask D/train/masks/b.png has transparent parts, which are no class; save",
        ),
        (".npy", other(0) + 0.5, "the mask D/train/masks/b.npy holds fractions; its values must"),
        (".npy", other(0) - 1.0, "the mask D/train/masks/b.npy has the value -1, not 0 to 65535"),
        (".npy", np.zeros((6, 8, 2)), "the mask D/train/masks/b.npy is (6, 8, 2) float64, not (h"),
        (".npy", np.full((6, 8), np.nan), "the mask D/train/masks/b.npy holds fractions; its"),
        (
            ".npy",
            np.array(["a"]),
            "D/train/masks/b.npy holds <U1, no array of real numbers; save it",
        ),
        (".jpg", MASK, "'D/train/masks/b.jpg' is JPEG, which changes classes at edges; save it as"),
    ],
)
def test_a_mask_that_cannot_be_used_is_named(
    write: Write, ending: str, mask: np.ndarray, problem: str
) -> None:
    folder = write({"train": ["a", "b"]})
    (folder / "train/masks/b.png").unlink()
    save(folder / f"train/masks/b{ending}", mask)
    line = refused(folder)
    assert problem in line and "\n" not in line


def test_a_value_that_only_the_test_has_is_unknown(write: Write) -> None:
    folder = write({"train": ["a", "b"], "test": ["c"]})
    save(folder / "test/masks/c.png", other(3))
    assert refused(folder) == (
        "the mask D/test/masks/c.png has the value 3, which no training mask has;"
        " name it in classes.json, or correct the mask"
    )
    save(folder / "test/masks/c.png", other(IGNORED))
    assert len(load(folder).test) == 1


@pytest.mark.parametrize(
    "mask, problem",
    [
        (MASK * 0, "the training masks have no value but 0, not 2 to 254 classes: say"),
        (MASK % 2 * 255, "the training masks have no value but 0 and the ignored 255, not 2 to"),
        (MASK * 0 + 255, "the training masks have no value but the ignored 255, not 2 to"),
    ],
)
def test_masks_with_a_single_class_are_told(write: Write, mask: np.ndarray, problem: str) -> None:
    assert refused(write({"train": ["a", "b"]}, mask=mask)).startswith(problem)


def test_a_mask_of_nothing_but_what_is_ignored_is_fine(write: Write) -> None:
    folder = write({"train": ["a", "b"]})
    save(folder / "train/masks/b.png", MASK * 0 + 255)
    assert (masks(load(folder))[1] == IGNORED).all()


@pytest.mark.parametrize("content", [b"", b"no image"])
@pytest.mark.parametrize("ending", [".png", ".npy"])
@pytest.mark.parametrize("kind", ["images", "masks"])
def test_an_empty_or_broken_file_is_named(
    write: Write, content: bytes, ending: str, kind: str
) -> None:
    folder = write({"train": ["a", "b"]}, endings=(ending, ending))
    (folder / f"train/{kind}/b{ending}").write_bytes(content)
    assert f"read the image D/train/{kind}/b.png: it is empty" in refused(folder) or (
        f"can't read D/train/{kind}/b.npy as .npy: " in refused(folder)
    )


FLOATS = RNG.normal(size=(5, 6, 8))


@pytest.mark.parametrize("array", [FLOATS, FLOATS.transpose(1, 2, 0), FLOATS.astype(np.float16)])
def test_arrays_have_any_channels_first_or_last(write: Write, array: np.ndarray) -> None:
    raw = load(write({"train": ["a", "b"]}, array, endings=(".npy", ".png")))
    images = raw.train.images.numpy()
    assert images.dtype == np.float32
    np.testing.assert_allclose(images, [FLOATS] * 2, atol=2e-3)


def test_arrays_of_bytes_among_real_ones_are_real_too(write: Write) -> None:
    folder = write({"train": ["a", "b"]}, FLOATS[:3], endings=(".npy", ".png"))
    save(folder / "train/images/b.npy", PHOTO)
    images = load(folder).train.images.numpy()
    assert images.dtype == np.float32
    np.testing.assert_array_equal(images[1], PHOTO.transpose(2, 0, 1))


def test_arrays_of_other_channels_or_no_numbers_are_named(write: Write) -> None:
    folder = write({"train": ["a", "b"]}, FLOATS, endings=(".npy", ".png"))
    save(folder / "train/images/b.npy", FLOATS[:4])
    assert refused(folder).startswith("D/train/images/b.npy has 4 channels, but D/train/images/a")
    odd = FLOATS.copy()
    odd[0, 0, :2] = np.inf, np.nan
    save(folder / "train/images/b.npy", odd)
    assert refused(folder) == (
        "D/train/images/b.npy has 2 numbers that are nan or infinite; replace them"
    )


def test_grey_pictures_have_one_channel_unless_one_has_colours(write: Write) -> None:
    folder = write({"train": ["a", "b"]}, PHOTO[..., 0])
    np.testing.assert_array_equal(load(folder).train.images[0, 0].numpy(), PHOTO[..., 0])
    save(folder / "train/images/b.png", PHOTO)
    images = load(folder).train.images.numpy()
    np.testing.assert_array_equal(images[0], [PHOTO[..., 0]] * 3)
    np.testing.assert_array_equal(images[1], PHOTO.transpose(2, 0, 1))


def test_pictures_are_upright_and_so_their_masks_must_be(write: Write) -> None:
    folder = write({"train": ["a", "b"]})
    turned = Image.Exif()
    turned[0x0112] = 6  # to be turned by 90 degrees clockwise
    Image.fromarray(np.rot90(PHOTO).copy()).save(folder / "train/images/b.png", exif=turned)
    np.testing.assert_array_equal(load(folder).train.images[1].numpy(), PHOTO.transpose(2, 0, 1))


def test_many_sizes_stay_or_become_squares(write: Write) -> None:
    folder = write({"train": ["a", "b"], "test": ["c"]})
    save(folder / "test/images/c.png", np.tile(PHOTO, (1, 2, 1)))
    save(folder / "test/masks/c.png", np.tile(MASK, 2))
    test = load(folder).test
    image, mask = test.fetch(torch.tensor([0]))[0], test.targets.fetch(torch.tensor([0]))[0]
    np.testing.assert_array_equal(image.numpy(), np.tile(PHOTO, (1, 2, 1)).transpose(2, 0, 1))
    np.testing.assert_array_equal(mask.numpy(), np.tile(MASK, 2))
    raw = load(folder, image_size=6, fit="pad")
    assert raw.fit == "pad" and raw.train.images.shape == (2, 3, 6, 6)
    # 6 x 16 becomes 2 x 6: rows 2 and 3 of 6; nearest pixels keep their values.
    mask = raw.test.targets.values[0].numpy()
    assert (mask[[0, 1, 4, 5]] == IGNORED).all() and not raw.test.images[0, :, [0, 1, 4, 5]].any()
    assert set(mask[2:4].flat) <= {0, 1, 2, IGNORED} and (mask[2:4] < 3).any()


def test_what_was_seen_of_files_is_not_looked_at_again(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("project.data.remembered._TICK_NS", -(10**15))
    looked = []

    def count(file: object, path: str, *args: object) -> np.ndarray:
        looked.append(path)
        return read_mask(file, path, *args)

    monkeypatch.setattr("project.data.pair_facts.read_mask", count)
    folder = write({"train": ["a", "b"], "test": ["c"]})
    first = load(folder)
    assert len(looked) == 3
    for _ in range(2):
        again = load(folder)
        assert len(looked) == 3 and again.classes == first.classes
        assert dict(again.files.hashes()) == dict(first.files.hashes())
    # Whether masks can be used depends on what their values mean.
    (folder / "classes.json").write_text(json.dumps(JSON))
    load(folder)
    assert len(looked) == 6
    save(folder / "test/masks/c.png", other(9))
    assert "c.png has the value 9, which D/classes.json does not name" in refused(folder)
    assert len(looked) == 7


def test_leaks_are_told_by_pixels_and_large_data_stream(write: Write) -> None:
    folder = write({"train": ["a"], "val": ["b"], "test": ["c"]})
    for i, name in enumerate(["train/{}/more", "val/{}/b", "test/{}/same", "test/{}/c"]):
        photo = PHOTO if "same" in name else RNG.integers(0, 256, (6 + i, 8, 3), dtype=np.uint8)
        # The same pixels in other bytes, with another mask.
        save(folder / f"{name.format('images')}.tif", photo)
        save(folder / f"{name.format('masks')}.npy", RNG.integers(0, 3, photo.shape[:2]))
    for name in ("val/{}/b.png", "test/{}/c.png"):
        for kind in ("images", "masks"):
            (folder / name.format(kind)).unlink()
    found = [prepare(hparams(folder, memory_limit=limit)) for limit in (4.0, 0.0)]
    for data in found:
        assert data.leaks.pairs == {"train/test": 1, "val/test": 0, "train/val": 0}
        assert data.leaks.labels == 1
        assert data.leaks.examples["train/test"] == ["train/images/a.png = test/images/same.tif"]
    assert found[0].describe() == found[1].describe() and found[0].kind == "masks"
    # Of the mask, what it means counts, too.
    (folder / "classes.json").write_text('{"0": "class 0", "2": "class 1", "1": "class 2"}')
    assert prepare(hparams(folder)).hashes["test"] != found[0].hashes["test"]
