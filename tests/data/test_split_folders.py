"""Folders that look like splits: taken as such, or refused; never classes without a word."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from project.data._split_folders import WORDS, split_of
from project.data.listing import Listing, list_images, told_skipped

Make = Callable[..., Path]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """A folder with one image at each of these paths."""

    def write(*names: str) -> Path:
        for name in names:
            path = tmp_path / "data" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("L", (2, 2)).save(path, format="PNG")
        return tmp_path / "data"

    return write


def classes_in(*folders: str) -> list[str]:
    return [f"{folder}/{label}/1.png" for folder in folders for label in ("ant", "bee")]


def counts(found: Listing) -> list[int | None]:
    parts = (found.train, found.val, found.test)
    return [None if part is None else part.stop - part.start for part in parts]


@pytest.mark.parametrize(
    "train, val, test",
    [
        ("train", "val", "test"),
        ("Train", None, "Test"),
        ("TRAIN", "VALID", None),
        ("training", "validation", "testing"),
        ("training_set", "dev", "test_set"),
        ("train2017", "val2017", "test2017"),
        ("train-images", "development", "holdout"),
        ("Training Data", "Validation Data", "hold-out"),
        ("my_train", "valid", "evaluation"),
        ("train", None, "eval"),
    ],
)
def test_any_case_and_the_usual_synonyms(make: Make, train: str, val: str, test: str) -> None:
    folder = make(*classes_in(*(name for name in (train, val, test) if name)))
    found = list_images(str(folder))
    assert found.classes == ("ant", "bee")
    assert counts(found) == [2, 2 if val else None, 2 if test else None]


@pytest.mark.parametrize(
    "name", ["trains", "valley", "devices", "contest", "evaluator", "brain", "latest", "1", "ärm"]
)
def test_other_words_are_classes(name: str) -> None:
    assert split_of(name) is None


def test_no_word_is_of_two_splits() -> None:
    words = [word for words in WORDS.values() for word in words.split("|")]
    assert len(words) == len(set(words))
    assert [split_of(word) for word in words] == [
        split for split, words in WORDS.items() for word in words.split("|")
    ]


@pytest.mark.parametrize(
    "names, odd",
    [
        (classes_in("train", "val", "test", "extra"), "and 'extra', which is not; move it"),
        (classes_in("Train", "x", "y", "a"), r"\('Train'\), and 'a', 'x', 'y', which are not"),
        (classes_in("train", "extra"), r"\('train'\), and 'extra', which is not"),
        (["test/1.png", "ant/1.png", "bee/1.png"], r"\('test'\), and 'ant', 'bee', which are not"),
        (["ant/1.png", "train/1.png", "val/1.png"], r"\('train', 'val'\), and 'ant'"),
        (classes_in("train", "val", "valid"), "'val' and 'valid' in .* are both validation"),
        (classes_in("Train", "train", "test"), "'Train' and 'train' in .* are both training"),
        (classes_in("test1", "test2"), "'test1' and 'test2' in .* are both test"),
        (classes_in("test", "validation"), "no folder of training images, only 'test'"),
        (
            classes_in("seg_train", "seg_test", "seg_pred"),
            r"\('seg_train', 'seg_test'\); call them",
        ),
        (classes_in("birdsTrain", "birdsVal"), r"\('birdsTrain', 'birdsVal'\); call them train"),
        (["train/1.png", "test/1.png"], "test is named like a split, but holds images and no"),
        (
            [*classes_in("train"), "test/1.png"],
            "test is named like a split, but holds images and no",
        ),
    ],
)
def test_what_is_not_understood_is_refused(make: Make, names: list[str], odd: str) -> None:
    folder = make(*names)
    with pytest.raises(ValueError, match=odd) as refused:
        list_images(str(folder))
    assert f"classes, move them into '{folder}/train'" in str(refused.value)
    # The way out that it names is one.
    folder.rename(folder.with_name("all"))
    folder.mkdir()
    folder.with_name("all").rename(folder / "train")
    found = list_images(str(folder))
    assert found.classes == tuple(sorted({name.partition("/")[0] for name in names}))


def test_a_class_of_trains(make: Make) -> None:
    folder = make("train/1.png", "bus/1.png")
    assert list_images(str(folder)).classes == ("bus", "train")


@pytest.mark.parametrize("outer", ["", "train/", "Training Set/"])
def test_folders_around_all_classes_are_named_with_the_way_out(make: Make, outer: str) -> None:
    folder = make(*classes_in(f"{outer}seg_train/seg_train"))
    inner, there = folder / f"{outer}seg_train/seg_train", folder / outer
    with pytest.raises(ValueError, match="has only the sub-folder 'seg_train'") as refused:
        list_images(str(folder))
    assert str(refused.value).endswith(f"; move the folders that are in {inner} into {there}")
    for label in inner.iterdir():
        label.rename(there / label.name)
    inner.rmdir()
    inner.parent.rmdir()
    assert list_images(str(folder)).classes == ("ant", "bee")


@pytest.mark.parametrize("name", ["test", "train/cow", "train/ant/more"])
def test_a_link_to_nothing_is_no_folder_that_is_left_out(make: Make, name: str) -> None:
    folder = make(*classes_in("train"))
    (folder / name).symlink_to(folder / "unmounted")
    with pytest.raises(ValueError, match=f"{name}' is a broken link; mend or remove it"):
        list_images(str(folder))


def test_a_word_within_a_class_name_is_no_split(make: Make) -> None:
    folder = make("steam train/1.png", "bus/1.png", "training_shoe/1.png")
    assert list_images(str(folder)).classes == ("bus", "steam train", "training_shoe")


def test_splits_inside_of_classes_are_not_mixed(make: Make) -> None:
    folder = make("ant/train/1.png", "ant/test/1.png", "bee/train/1.png", "bee/test/1.png")
    with pytest.raises(ValueError, match=r"ant has splits inside \('test', 'train'\), whose"):
        list_images(str(folder))


def test_what_systems_leave_behind_is_no_odd_folder_and_no_image(make: Make) -> None:
    folder = make(
        *classes_in("train", "test", "__MACOSX"),
        *classes_in(".thumbs", "@eaDir"),
        "train/ant/@eaDir/1.png/THUMB.jpg",
        "lost+found/1.png",
    )
    found = list_images(str(folder))
    assert (found.classes, counts(found), found.skipped) == (("ant", "bee"), [2, None, 2], [])


def test_what_is_left_out_is_counted(make: Make) -> None:
    folder = make(*classes_in("train", "test"), "train/stray.png")
    assert told_skipped(list_images(str(folder)).skipped) == (
        f"left out: 1 image in no class's folder ('{folder}/train/stray.png')"
    )
    for name in ("readme.txt", "train/a.txt", "train/ant/Thumbs.db", "test/bee/b.heic", ".hidden"):
        (folder / name).write_text("no image")
    (folder / "test" / "bee" / "LICENSE").write_text("")
    told = told_skipped(list_images(str(folder)).skipped)
    assert told == (
        "left out: 5 files not named like images (2 '.txt', 1 '.db', 1 '.heic', 1 'no ending')"
        f" and 1 image in no class's folder ('{folder}/train/stray.png')"
    ), told
    assert told_skipped([]) is None
