"""Checkpoints written in a thread: what is on the disk when, and what was in memory then."""

import errno
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import torch

from project.training import checkpoint
from project.training.checkpoint_writer import CheckpointWriter, Copies

REST = {"hyperparameters": {}, "classes": [], "shape": [1, 1, 1], "mean": [0.5], "std": [1.0]}


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
    checkpoints.keep({path: state(value)})
    checkpoints.write()


def writer(tmp_path: Path, before: Callable[[], None] = lambda: None) -> CheckpointWriter:
    return CheckpointWriter((tmp_path / "best.pt", tmp_path / "last.pt"), before)


def test_what_is_written_is_the_state_when_it_was_given(tmp_path: Path) -> None:
    checkpoints, given = writer(tmp_path), state(1.0)
    checkpoints.keep({tmp_path / "last.pt": given})
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


def test_what_two_files_hold_is_copied_once(tmp_path: Path) -> None:
    weight = torch.ones(4)
    first, second = Copies().make([{"model": weight}, {"model": [weight, weight + 1]}])
    assert first["model"] is second["model"][0] is not weight
    checkpoints, given = writer(tmp_path), state(1.0)
    checkpoints.keep({tmp_path / "best.pt": given, tmp_path / "last.pt": given | {"step": 3}})
    given["model"]["weight"] += 1
    checkpoints.wait()
    for name in ("best.pt", "last.pt"):
        saved = checkpoint.load(tmp_path / name)["model"]["weight"]
        assert torch.equal(saved, torch.ones(4))


def test_a_best_that_waits_keeps_what_it_shared_with_a_last_that_was_forgotten(
    tmp_path: Path, disk: Disk
) -> None:
    checkpoints = writer(tmp_path)
    save(checkpoints, tmp_path / "last.pt", 1.0)
    assert disk.begun.wait(30)
    given = state(2.0)
    checkpoints.keep({tmp_path / "last.pt": given, tmp_path / "best.pt": given})
    save(checkpoints, tmp_path / "last.pt", 3.0)
    disk.go.set()
    checkpoints.wait()
    assert disk.written == [("last.pt", 1.0), ("best.pt", 2.0), ("last.pt", 3.0)]


def test_a_copy_uses_the_memory_of_those_no_longer_in_use() -> None:
    copies = Copies()
    [first] = copies.make([{"a": [torch.zeros(2), "x"], "b": {"c": torch.ones(3)}}])
    [second] = copies.make([{"a": [torch.ones(2), "y"], "b": {"c": torch.zeros(4)}}], [first])
    assert second["a"][0] is not first["a"][0]
    assert torch.equal(first["a"][0], torch.zeros(2)) and second["a"][1] == "y"
    [third] = copies.make([{"a": [torch.full((2,), 2.0)]}], [second])
    assert third["a"][0] is first["a"][0] and torch.equal(third["a"][0], torch.full((2,), 2.0))
    assert torch.equal(second["a"][0], torch.ones(2))
