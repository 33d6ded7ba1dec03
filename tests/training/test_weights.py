"""The hashes of the weights in a run's checkpoints: of what is on the disk, and read once."""

import os
from pathlib import Path
from typing import Any

import pytest
import torch
from blake3 import blake3

from project.training import checkpoint
from project.training.weights import SavedWeights

SAID = {"hyperparameters": {}, "classes": ["a"], "shape": [1, 2, 2], "mean": [0.5], "std": [0.25]}


def save(path: Path, *values: float) -> str:
    """Write a checkpoint with these weights; returns their hash, by its definition."""
    tensor = torch.tensor(values, dtype=torch.float32)
    checkpoint.save(path, SAID | {"model": {"w": tensor}})
    written = f"w torch.float32 ({len(values)},)\n".encode() + tensor.numpy().tobytes()
    return f"blake3:{blake3(written).hexdigest()}"


def test_each_file_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = []

    def load(path: Path, **options: Any) -> dict[str, Any]:
        read.append(path.name)
        return true(path, **options)

    true = checkpoint.load
    monkeypatch.setattr(checkpoint, "load", load)
    expected = {
        name: save(tmp_path / name, *range(n)) for n, name in ((3, "best.pt"), (4, "last.pt"))
    }
    saved = SavedWeights()
    assert saved.load(tmp_path / "best.pt")["w"].tolist() == [0, 1, 2]
    assert saved.hashes(tmp_path) == expected
    assert read == ["best.pt", "last.pt"]


def test_a_hash_is_of_what_is_on_the_disk_by_then(tmp_path: Path) -> None:
    save(tmp_path / "best.pt", 1, 2, 3)
    saved = SavedWeights()
    saved.load(tmp_path / "best.pt")
    replaced = save(tmp_path / "best.pt", 4, 5, 6)
    assert saved.hashes(tmp_path) == {"best.pt": replaced}


def test_a_file_that_was_written_to_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "best.pt"
    save(path, 1, 2, 3)
    saved = SavedWeights()
    saved.load(path)
    content = bytearray(path.read_bytes())
    content[content.index(torch.tensor([1.0, 2.0, 3.0]).numpy().tobytes()) + 3] ^= 1
    with path.open("r+b") as file:
        file.write(content)
    os.utime(path, ns=(0, 0))  # clocks of some disks are coarse
    with pytest.raises(ValueError, match="best.pt is damaged: it does not hold what was written"):
        saved.hashes(tmp_path)


def test_a_file_that_can_not_be_mapped_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unmapped(*args: Any, mmap: bool, **options: Any) -> Any:
        if mmap:
            raise RuntimeError("unable to mmap")
        return true(*args, **options)

    true = torch.load
    expected = save(tmp_path / "best.pt", 1, 2)
    monkeypatch.setattr(torch, "load", unmapped)
    assert SavedWeights().hashes(tmp_path) == {"best.pt": expected}
