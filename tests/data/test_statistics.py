"""Channel statistics against numpy, and that they are measured once per content."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from project.data import Resident, Subset, _statistics
from project.data._statistics import Statistics, measure, statistics


def random_subset(n: int = 300, shape: tuple[int, int, int] = (3, 6, 5)) -> Subset:
    source = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (n, *shape), generator=source, dtype=torch.uint8)
    images[:, 0] //= 4
    return Subset(Resident(images, torch.zeros(n).long()), torch.arange(0, n, 3))


def test_mean_and_std_equal_numpys(monkeypatch: pytest.MonkeyPatch) -> None:
    subset = random_subset()
    pixels = subset.samples.images[subset.indices].numpy().astype(np.float64) / 255
    for chunk_bytes in (1, 1000, 2**24):
        monkeypatch.setattr(_statistics, "CHUNK_BYTES", chunk_bytes)
        measured = measure(subset)
        np.testing.assert_allclose(measured.mean, pixels.mean(axis=(0, 2, 3)), rtol=1e-14)
        np.testing.assert_allclose(measured.std, pixels.std(axis=(0, 2, 3)), rtol=1e-14)


def test_a_nearly_constant_channel_is_exact() -> None:
    images = torch.full((1000, 1, 10, 10), 200, dtype=torch.uint8)
    images[0, 0, 0, 0] = 201
    measured = measure(Subset(Resident(images, torch.zeros(1000).long()), torch.arange(1000)))
    # One of n = 100,000 pixels is higher by 1: the variance is (1 / n) * (1 - 1 / n).
    n = 100_000
    assert measured.mean[0] == pytest.approx((200 + 1 / n) / 255, rel=1e-15)
    assert measured.std[0] == pytest.approx(np.sqrt((1 - 1 / n) / n) / 255, rel=1e-14)


def test_a_constant_channel_has_a_std_of_one() -> None:
    images = torch.full((4, 1, 2, 2), 51, dtype=torch.uint8)
    assert measure(Subset(Resident(images, torch.zeros(4).long()), torch.arange(4))) == (
        (0.2,),
        (1.0,),
    )


def test_the_cache_is_used_for_the_same_content_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subset = random_subset()
    first = statistics(subset, "blake3:" + "a" * 64, tmp_path)
    assert first == measure(subset)
    marker = Statistics((9.0,) * 3, (8.0,) * 3)
    monkeypatch.setattr(_statistics, "measure", lambda subset: marker)
    assert statistics(subset, "blake3:" + "a" * 64, tmp_path) == first
    assert statistics(subset, "blake3:" + "b" * 64, tmp_path) == marker
    # The same files, decoded to another size, have the same content hash.
    other_size = random_subset(shape=(3, 4, 4))
    assert statistics(other_size, "blake3:" + "a" * 64, tmp_path) == marker


def test_a_damaged_cache_is_measured_again(tmp_path: Path) -> None:
    subset = random_subset()
    first = statistics(subset, "blake3:a", tmp_path)
    (path,) = (tmp_path / ".cache").iterdir()
    for damaged in ("", "[]", '{"mean": [0]}', path.read_text()[:20]):
        path.write_text(damaged)
        assert statistics(subset, "blake3:a", tmp_path) == first
    assert os.listdir(tmp_path / ".cache") == [path.name]


def test_beside_a_folder_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    data_dir, home = tmp_path / "file", tmp_path / "home"
    data_dir.write_text("")
    subset = random_subset()
    monkeypatch.setenv("XDG_CACHE_HOME", str(home))
    first = statistics(subset, "blake3:a", data_dir)
    assert len(list(home.rglob("statistics-*.json"))) == 1
    monkeypatch.setattr(_statistics, "measure", None)
    assert statistics(subset, "blake3:a", data_dir) == first
    assert capsys.readouterr().err == ""
