"""The content hash changes with the content and with nothing else."""

import os
import shutil
from collections.abc import Callable
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
        monkeypatch.setattr("project.data._samples.CHUNK_BYTES", chunk)
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


def test_a_copied_folder_has_the_same_hash(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = load(folder)
    shutil.copytree(folder, tmp_path / "elsewhere" / "copy")
    for path in (tmp_path / "elsewhere").rglob("*.png"):
        os.utime(path, (1, 1))
    assert load(tmp_path / "elsewhere" / "copy").describe() == first.describe()
    assert load(folder, memory_limit=0.0).describe() == first.describe()

    real_walk, real_list = os.walk, os.listdir
    monkeypatch.setattr(
        os, "walk", lambda *a, **k: ((p, d[::-1], f[::-1]) for p, d, f in real_walk(*a, **k))
    )
    monkeypatch.setattr(os, "listdir", lambda path: sorted(real_list(path))[::-1])
    assert load(folder).hashes == first.hashes


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
