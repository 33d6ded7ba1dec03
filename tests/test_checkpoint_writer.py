"""Checkpoints written in a thread: what is on the disk when, and what was in memory then."""

import errno
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import torch

from project import checkpoint
from project.checkpoint_writer import CheckpointWriter, copy

REST = {"hyperparameters": {}, "classes": [], "shape": [], "mean": [], "std": []}


def state(value: float) -> dict[str, Any]:
    return REST | {"model": {"weight": torch.full((4,), value)}}


class Disk:
    """Stands in for `checkpoint.save`: each write waits for `go` and is noted."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.written: list[tuple[str, float]] = []
        self.begun, self.go = Event(), Event()
        self.error: Exception | None = None
        monkeypatch.setattr(checkpoint, "save", self._save)

    def _save(self, path: Path, state: dict[str, Any]) -> None:
        self.begun.set()
        assert self.go.wait(30)
        if self.error is not None:
            raise self.error
        self.written.append((path.name, state["model"]["weight"][0].item()))


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


def save(checkpoints: CheckpointWriter, path: Path, value: float) -> None:
    checkpoints.keep(path, state(value))
    checkpoints.write()


def writer(tmp_path: Path, before: Callable[[], None] = lambda: None) -> CheckpointWriter:
    return CheckpointWriter((tmp_path / "best.pt", tmp_path / "last.pt"), before)


def test_what_is_written_is_the_state_when_it_was_given(tmp_path: Path) -> None:
    checkpoints, given = writer(tmp_path), state(1.0)
    checkpoints.keep(tmp_path / "last.pt", given)
    given["model"]["weight"] += 1
    assert not list(tmp_path.iterdir())  # it was not yet to be written
    checkpoints.wait()
    saved = checkpoint.load(tmp_path / "last.pt")["model"]["weight"]
    assert torch.equal(saved, torch.ones(4))


def test_of_states_that_wait_the_newest_is_written(tmp_path: Path, disk: Disk) -> None:
    checkpoints = writer(tmp_path)
    for value in (1.0, 2.0, 3.0):
        save(checkpoints, tmp_path / "last.pt", value)
        assert disk.begun.wait(30)  # so that the first is being written when the others come
    disk.go.set()
    checkpoints.wait()
    assert disk.written == [("last.pt", 1.0), ("last.pt", 3.0)]


def test_the_best_is_on_the_disk_before_the_last_that_names_it(tmp_path: Path, disk: Disk) -> None:
    checkpoints = writer(tmp_path)
    save(checkpoints, tmp_path / "last.pt", 1.0)
    assert disk.begun.wait(30)
    save(checkpoints, tmp_path / "last.pt", 2.0)
    save(checkpoints, tmp_path / "best.pt", 2.5)
    disk.go.set()
    checkpoints.wait()
    assert disk.written == [("last.pt", 1.0), ("best.pt", 2.5), ("last.pt", 2.0)]


def test_the_log_is_on_the_disk_before_any_checkpoint(tmp_path: Path, disk: Disk) -> None:
    flushed: list[int] = []
    disk.go.set()
    checkpoints = writer(tmp_path, lambda: flushed.append(len(disk.written)))
    save(checkpoints, tmp_path / "last.pt", 1.0)
    checkpoints.wait()
    save(checkpoints, tmp_path / "last.pt", 2.0)
    checkpoints.wait()
    assert flushed == [0, 1]


@pytest.mark.parametrize("call", ["save", "wait"])
def test_what_could_not_be_written_is_told_once(tmp_path: Path, disk: Disk, call: str) -> None:
    checkpoints = writer(tmp_path)
    disk.error = OSError(errno.ENOSPC, "No space left on device", "last.pt")
    save(checkpoints, tmp_path / "last.pt", 1.0)
    thread = checkpoints._thread
    disk.go.set()
    if call == "save":
        thread.join(30)
        with pytest.raises(OSError, match="No space left"):
            save(checkpoints, tmp_path / "last.pt", 2.0)
    else:
        with pytest.raises(OSError, match="No space left"):
            checkpoints.wait()
    disk.error = None
    save(checkpoints, tmp_path / "last.pt", 3.0)
    checkpoints.wait()
    assert disk.written == [("last.pt", 3.0)]


def test_a_copy_uses_the_memory_of_a_former_one() -> None:
    first = copy({"a": [torch.zeros(2), "x"], "b": {"c": torch.ones(3)}})
    second = copy({"a": [torch.ones(2), "y", torch.zeros(1)], "b": {"c": torch.zeros(4)}}, first)
    assert second["a"][0] is first["a"][0] and torch.equal(second["a"][0], torch.ones(2))
    assert second["a"][1] == "y" and len(second["a"]) == 3
    assert torch.equal(second["b"]["c"], torch.zeros(4))  # of another shape: other memory
    assert torch.equal(first["b"]["c"], torch.ones(3))
