"""Changed data of a run that goes on: what was held out never trains, whatever happened to it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from project.data import Data, Former, Raw, Resident, prepare
from project.data._former import keep, sample_hashes
from project.data._split import split
from project.hyperparameters import Hyperparameters

N = 20


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Ants and bees, `N` of each, all different."""
    rng = np.random.default_rng(0)
    for name in ("ant", "bee"):
        for i in range(N):
            write(tmp_path / "images" / name / f"{i:02}.png", rng)
    return tmp_path / "images"


def write(path: Path, rng: np.random.Generator) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)).save(path)


def load(folder: Path, former: tuple[Former, ...] = (), **values: object) -> Data:
    own = {"data": "image-folder", "data_dir": str(folder), "image_size": 8, "val_fraction": 0.2}
    return prepare(Hyperparameters(**own | values), former)


def as_former(data: Data) -> Former:
    hashes, files = data.sample_hashes(), data.files
    assert hashes is not None and files is not None
    return Former(hashes, dict(files.hashes()))


def content(data: Data) -> dict[str, set[bytes]]:
    hashes = data.sample_hashes()
    assert hashes is not None
    return {name: {row.tobytes() for row in rows} for name, rows in hashes.items()}


def test_unchanged_data_are_split_as_before(folder: Path) -> None:
    before = load(folder)
    again = load(folder, (as_former(before),))
    assert (again.hash, again.hashes, again.mean) == (before.hash, before.hashes, before.mean)
    for name in ("train", "val", "test"):
        assert torch.equal(getattr(again, name).indices, getattr(before, name).indices)


def relabel(folder: Path) -> None:
    for i in range(0, N, 3):
        (folder / "ant" / f"{i:02}.png").rename(folder / "bee" / f"was-ant-{i:02}.png")


def remove(folder: Path) -> None:
    for i in range(0, N, 4):
        (folder / "bee" / f"{i:02}.png").unlink()


@pytest.mark.parametrize(
    ("change", "memory_limit"),
    [
        (relabel, 4.0),
        (remove, 0.0),
        pytest.param(relabel, 0.0, marks=pytest.mark.nightly),
        pytest.param(remove, 4.0, marks=pytest.mark.nightly),
    ],
)
def test_no_sample_moves_between_splits(
    folder: Path, change: Callable[[Path], None], memory_limit: float
) -> None:
    before = load(folder, memory_limit=memory_limit)
    change(folder)
    was, drawn = content(before), content(load(folder))
    # Drawn anew, held-out samples would train: this is what the record of the splits is for.
    assert drawn["train"] & (was["val"] | was["test"])
    now = content(load(folder, (as_former(before),), memory_limit=memory_limit))
    assert all(now[name] <= was[name] for name in now)
    there = {row for rows in drawn.values() for row in rows}
    assert set().union(*now.values()) == there


def test_an_image_that_was_edited_stays_where_its_name_was(folder: Path) -> None:
    before, rng = load(folder), np.random.default_rng(1)
    names = [Path(path) for path in before.files.paths]
    held_out = {names[i] for i in before.test.indices.tolist()}
    for path in held_out:
        write(path, rng)
    now = load(folder, (as_former(before),))
    paths = [Path(path) for path in now.files.paths]
    assert {paths[i] for i in now.test.indices.tolist()} == held_out


def test_new_images_stay_where_the_first_accepted_change_put_them(folder: Path) -> None:
    first, rng = load(folder), np.random.default_rng(2)
    for i in range(10):
        write(folder / "ant" / f"new-{i}.png", rng)
    second = load(folder, (as_former(first),))
    was = content(second)
    new = set().union(*was.values()) - set().union(*content(first).values())
    assert len(new) == 10 and new & was["train"]
    remove(folder)
    third = content(load(folder, (as_former(first), as_former(second))))
    assert all(third[name] <= was[name] for name in third)
    assert new <= set().union(*third.values())


def test_what_lies_in_another_official_split_is_left_out(folder: Path, tmp_path: Path) -> None:
    official = tmp_path / "official"
    for i in range(N):
        for name in ("ant", "bee"):
            part = "test" if i < 5 else "train"
            (official / part / name).mkdir(parents=True, exist_ok=True)
            shutil.copy(folder / name / f"{i:02}.png", official / part / name)
    before = load(official)
    held_out = official / "test" / "ant" / "00.png"
    held_out.rename(official / "train" / "ant" / "00.png")
    now, was = content(load(official, (as_former(before),))), content(before)
    assert now["train"] == was["train"] and len(now["test"]) == len(was["test"]) - 1


def test_a_duplicate_of_a_held_out_image_is_held_out(folder: Path) -> None:
    before = load(folder)
    names = [Path(path) for path in before.files.paths]
    tested, trained = names[before.test.indices[0]], names[before.train.indices[0]]
    shutil.copy(tested, trained)
    now = content(load(folder, (as_former(before),)))
    was = content(before)
    assert not now["train"] & was["test"] and len(now["train"]) == len(was["train"]) - 1


def test_pixels_tell_samples_apart_where_there_are_no_files() -> None:
    images = torch.randint(0, 256, (60, 1, 4, 4), generator=torch.Generator().manual_seed(0))
    pixels, targets = images.to(torch.uint8), torch.arange(60) % 3
    hparams, classes = Hyperparameters(), ("a", "b", "c")
    splits = split(Raw(Resident(pixels, targets), None, classes), hparams)
    rows = {k: sample_hashes(v.samples, v.indices) for k, v in splits._asdict().items()}
    # Every label is another: the split would be another one, too.
    other = Raw(Resident(pixels, (targets + targets.roll(7)) % 3), None, classes)
    kept = keep(split(other, hparams), (Former(rows, {}),), None)
    assert [sorted(k.indices.tolist()) for k in kept] == [s.indices.tolist() for s in splits]
    with pytest.raises(ValueError, match="none of the samples that the run used for train is left"):
        keep(splits, (Former({"test": np.concatenate(list(rows.values()))}, {}),), None)


def test_large_images_without_files_can_not_be_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("project.data._former.LARGEST", 100)
    data = prepare(Hyperparameters(data="synthetic", synthetic_samples=60))
    assert data.sample_hashes() is None
    with pytest.raises(ValueError, match="samples are not recorded one by one.*start anew"):
        prepare(Hyperparameters(data="synthetic"), (Former({}, {}),))
