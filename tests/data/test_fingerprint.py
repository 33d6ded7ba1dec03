"""The content hash changes with the content and with nothing else."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from blake3 import blake3
from PIL import Image

from project.data import Data, Resident, Subset, prepare
from project.data._fingerprint import split_hash, total_hash
from project.hyperparameters import Hyperparameters

CLASSES = ("ant", "bee")


def load(folder: Path, **values: object) -> Data:
    values = {"image_size": 8, "num_workers": 0, **values}
    return prepare(Hyperparameters(data="image-folder", data_dir=str(folder), **values))


def arrays() -> tuple[torch.Tensor, torch.Tensor]:
    source = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (20, 3, 4, 5), generator=source, dtype=torch.uint8)
    return images, torch.arange(20) % 2


def hash_of(images: torch.Tensor, targets: torch.Tensor, classes: tuple[str, ...] = CLASSES) -> str:
    return split_hash(Subset(Resident(images, targets), torch.arange(len(images))), classes)


def test_the_hash_is_that_of_names_targets_and_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    images, targets = arrays()
    expected = blake3(b'[["ant", "bee"], 20]')
    expected.update(targets.numpy().astype("<i8").tobytes())
    expected.update(b"uint8 (3, 4, 5)" + images.numpy().tobytes())
    for chunk in (1, 100, 2**24):
        monkeypatch.setattr("project.data.samples.CHUNK_BYTES", chunk)
        assert hash_of(images, targets) == f"blake3:{expected.hexdigest()}"


def test_the_hash_counts_only_the_samples_of_the_split() -> None:
    images, targets = arrays()
    part = Subset(Resident(images, targets), torch.tensor([3, 4, 9]))
    alone = hash_of(images[[3, 4, 9]], targets[[3, 4, 9]])
    assert split_hash(part, CLASSES) == alone


def test_any_change_of_content_changes_the_hash() -> None:
    images, targets = arrays()
    one_pixel, one_target = images.clone(), targets.clone()
    one_pixel[7, 1, 2, 3] ^= 1
    one_target[7] ^= 1
    hashes = [
        hash_of(images, targets),
        hash_of(one_pixel, targets),
        hash_of(images, one_target),
        hash_of(images, targets, ("ant", "cow")),
        hash_of(images.flip(0), targets.flip(0)),
        hash_of(images.view(20, 3, 5, 4), targets),
        hash_of(images[:-1], targets[:-1]),
    ]
    assert len(set(hashes)) == len(hashes)


def test_swapped_splits_change_the_total() -> None:
    hashes = {"train": "blake3:1", "val": "blake3:2", "test": "blake3:3"}
    swapped = {"train": "blake3:1", "val": "blake3:3", "test": "blake3:2"}
    reordered = {"test": "blake3:3", "train": "blake3:1", "val": "blake3:2"}
    assert total_hash(hashes, CLASSES) == total_hash(reordered, CLASSES)
    assert total_hash(hashes, CLASSES) != total_hash(swapped, CLASSES)
    assert total_hash(hashes, CLASSES) != total_hash(hashes, ("ant", "cow"))


def test_a_copied_folder_has_the_same_hash(folder: Path, tmp_path: Path) -> None:
    first = load(folder)
    shutil.copytree(folder, tmp_path / "elsewhere" / "copy")
    for path in (tmp_path / "elsewhere").rglob("*.png"):
        os.utime(path, (1, 1))
    assert load(tmp_path / "elsewhere" / "copy").describe() == first.describe()
    assert load(folder, memory_limit=0.0).describe() == first.describe()


def test_the_place_of_a_folder_does_not_count(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = load(folder).describe()
    names = [name for name, _ in load(folder).files.hashes()]
    assert names == sorted(f"{path.parent.name}/{path.name}" for path in folder.rglob("*.png"))
    (tmp_path / "mounted").symlink_to(folder)
    monkeypatch.chdir(folder)
    for place in (tmp_path / "mounted", Path("."), Path("../images"), Path(f"{folder}/")):
        for memory_limit in (4.0, 0.0):
            data = load(place, memory_limit=memory_limit)
            assert data.describe() == expected
            assert list(data.files.hashes()) == list(load(folder).files.hashes())


def test_the_order_of_listing_does_not_count(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "ant" / "deep").mkdir()
    for name in ("001.png", "003.png"):
        (folder / "ant" / name).rename(folder / "ant" / "deep" / name)
    first = load(folder)
    real_scan, real_list = os.scandir, os.listdir

    class Reversed:
        def __init__(self, path: str) -> None:
            self.entries = sorted(real_scan(path), key=lambda entry: entry.name)[::-1]

        def __enter__(self) -> Iterator[os.DirEntry[str]]:
            return iter(self.entries)

        def __exit__(self, *error: object) -> None:
            pass

    monkeypatch.setattr(os, "scandir", Reversed)
    monkeypatch.setattr(os, "listdir", lambda path: sorted(real_list(path))[::-1])
    assert load(folder).describe() == first.describe()


def test_swapped_splits_of_a_folder_have_another_hash(
    tmp_path: Path, write_images: Callable[..., None]
) -> None:
    for seed, name in enumerate(("train", "val", "test")):
        write_images(tmp_path / name, {"ant": 3, "bee": 3}, seed=seed)
    first = load(tmp_path)
    (tmp_path / "val").rename(tmp_path / "kept")
    (tmp_path / "test").rename(tmp_path / "val")
    (tmp_path / "kept").rename(tmp_path / "test")
    swapped = load(tmp_path)
    assert swapped.hash != first.hash
    assert [swapped.hashes[name] for name in ("train", "val", "test")] == [
        first.hashes[name] for name in ("train", "test", "val")
    ]


def test_a_changed_folder_has_another_hash(folder: Path) -> None:
    first = load(folder)
    path = folder / "bee" / "002.png"
    before = path.read_bytes()
    pixels = np.array(Image.open(path))
    pixels[0, 0, 0] ^= 1
    Image.fromarray(pixels).save(path)
    changed = load(folder)
    assert changed.hash != first.hash
    # The image is in one split only.
    assert sum(changed.hashes[name] != first.hashes[name] for name in first.hashes) == 1
    path.write_bytes(before)
    assert load(folder).hash == first.hash
    (folder / "bee").rename(folder / "cow")
    assert load(folder).hash != first.hash
