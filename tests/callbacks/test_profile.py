"""The profile: a trace and a table of the steps after the first block."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from project.callbacks.profile import Profile

TRAINER = SimpleNamespace(is_global_zero=True)


def train(callback: Profile, blocks: int) -> None:
    """Each block adds once; those that should not be recorded multiply too."""
    for block in range(blocks):
        callback.on_train_batch_start(TRAINER, None, None, block)
        torch.ones(2) + torch.ones(2)
        if block == 0 or block > 11:
            torch.ones(2) * torch.ones(2)
        callback.on_train_batch_end(TRAINER, None, None, None, block)


def counts(folder: Path) -> dict[str, int]:
    events = json.loads((folder / "trace.json").read_text())["traceEvents"]
    names = [event.get("name") for event in events]
    return {name: names.count(f"aten::{name}") for name in ("add", "mul")}


def test_eleven_blocks_after_the_first_are_recorded(tmp_path: Path) -> None:
    folder = tmp_path / "profile"
    callback = Profile(folder)
    train(callback, 14)
    assert sorted(path.name for path in folder.iterdir()) == ["table.txt", "trace.json"]
    assert counts(folder) == {"add": 11, "mul": 0}
    callback.on_train_end(TRAINER, None)
    table = (folder / "table.txt").read_text()
    assert "aten::add" in table and "Self CPU" in table


def test_a_short_training_gives_what_it_has(tmp_path: Path) -> None:
    callback = Profile(tmp_path)
    train(callback, 3)
    assert not list(tmp_path.iterdir())
    callback.on_train_end(TRAINER, None)
    assert counts(tmp_path) == {"add": 2, "mul": 0}


def test_an_error_ends_the_recording(tmp_path: Path) -> None:
    callback = Profile(tmp_path)
    train(callback, 2)
    callback.on_exception(TRAINER, None, RuntimeError())
    assert counts(tmp_path) == {"add": 1, "mul": 0}


def test_too_short_a_training_is_said(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    callback = Profile(tmp_path)
    train(callback, 1)
    callback.on_train_end(TRAINER, None)
    assert "--profile: training ended before" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_only_the_first_process_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TRAINER, "is_global_zero", False)
    callback = Profile(tmp_path)
    train(callback, 14)
    callback.on_train_end(TRAINER, None)
    assert not list(tmp_path.iterdir())
