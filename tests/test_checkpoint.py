"""Checkpoint files: whole or absent, and the generators' states in them."""

import errno
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np
import pytest
import torch

from project import checkpoint

STATE = {
    "hyperparameters": {"model": "mlp"},
    "classes": ["a", "b"],
    "shape": [1, 2, 2],
    "mean": [0.5],
    "std": [0.25],
    "model": {"weight": torch.arange(6.0).view(2, 3)},
}


def test_a_checkpoint_comes_back(tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "a.pt", STATE)
    state = checkpoint.load(tmp_path / "a.pt")
    assert torch.equal(state.pop("model")["weight"], STATE["model"]["weight"])
    assert state == {k: v for k, v in STATE.items() if k != "model"}


def test_a_full_disk_leaves_the_former_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def on_a_full_disk(path: Path) -> Iterator[IO[bytes]]:
        with open("/dev/full", "wb", buffering=0) as file:
            yield file

    checkpoint.save(tmp_path / "a.pt", STATE)
    monkeypatch.setattr(checkpoint, "replacing", on_a_full_disk)
    with pytest.raises(OSError) as raised:
        checkpoint.save(tmp_path / "a.pt", STATE | {"large": torch.zeros(10**6)})
    assert raised.value.errno == errno.ENOSPC
    assert checkpoint.load(tmp_path / "a.pt")["classes"] == ["a", "b"]


@pytest.mark.parametrize("length", [0, 1, 100, -1])
def test_a_cut_file_is_refused(tmp_path: Path, length: int) -> None:
    path = tmp_path / "a.pt"
    checkpoint.save(path, STATE)
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(ValueError, match="a.pt"):
        checkpoint.load(path)


@pytest.mark.parametrize("content", [{"weight": torch.zeros(2)}, [1, 2], STATE | {"schema": 99}])
def test_a_foreign_file_is_refused(tmp_path: Path, content: object) -> None:
    torch.save(content, tmp_path / "a.pt")
    with pytest.raises(ValueError, match="a.pt"):
        checkpoint.load(tmp_path / "a.pt")


def test_weights_of_another_shape_are_named() -> None:
    with pytest.raises(ValueError, match=r"weight is \(2, 3\) there and \(4, 3\) here"):
        model = torch.nn.Linear(3, 4, bias=False)
        checkpoint.load_weights(model, STATE, Path("a.pt"))


def test_generators_go_on_where_they_were(tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "a.pt", STATE | {"rng": checkpoint.rng_state()})
    expected = (random.random(), np.random.rand(), torch.rand(1).item())
    checkpoint.set_rng_state(checkpoint.load(tmp_path / "a.pt")["rng"])
    assert (random.random(), np.random.rand(), torch.rand(1).item()) == expected


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
def test_any_changed_byte_is_noticed_or_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    checkpoint.save(path, STATE)
    whole = path.read_bytes()
    refused = set()
    for position in range(len(whole)):
        changed = bytearray(whole)
        changed[position] ^= 0xFF
        path.write_bytes(changed)
        try:
            state = checkpoint.load(path)
        except ValueError:
            refused.add(position)
        else:
            assert torch.equal(state.pop("model")["weight"], STATE["model"]["weight"])
            assert state == {k: v for k, v in STATE.items() if k != "model"}
    start = whole.index(STATE["model"]["weight"].numpy().tobytes())
    assert set(range(start, start + 24)) <= refused  # 6 values of 4 bytes
