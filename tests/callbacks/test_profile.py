"""The profile: a trace and a table of the steps after the first block."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from project.callbacks.profile import PHASES, Profile
from tests.test_solver import train as train_solver

TRAINER = SimpleNamespace(is_global_zero=True, logger=SimpleNamespace(log=lambda *_: None))
SOLVER = SimpleNamespace(optimization=SimpleNamespace(model=nn.Flatten(), loss=torch.sum))


def train(callback: Profile, blocks: int) -> None:
    """Each block adds once; those that should not be recorded multiply too."""
    for block in range(blocks):
        callback.on_train_batch_start(TRAINER, SOLVER, None, block)
        torch.ones(2) + torch.ones(2)
        if block == 0 or block > 11:
            torch.ones(2) * torch.ones(2)
        callback.on_train_batch_end(TRAINER, SOLVER, None, None, block)


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


def test_the_table_begins_with_the_phases_of_the_steps(tmp_path: Path) -> None:
    """1,259 samples in batches of 128 are 10 steps an epoch, one block; the first is left out."""
    folder = tmp_path / "profile"
    solver, recorder = train_solver(tmp_path, Profile(folder), max_epochs=3)
    lines = (folder / "table.txt").read_text().split("\n\n")[0].splitlines()
    spent = {line[:12].strip(): float(line.split()[-2]) for line in lines[1:]}
    assert list(spent) == [*PHASES, "the rest"]
    shares = [float(line.split()[-1].rstrip("%")) for line in lines[1:]]
    assert sum(shares) == pytest.approx(100, abs=0.1 * len(shares))
    events = json.loads((folder / "trace.json").read_text())["traceEvents"]
    names = [event["name"] for event in events if event.get("ph") == "X"]
    counts = {phase: sum(n.startswith(start) for n in names) for phase, start in PHASES.items()}
    # Forward passes of validations are none of the steps'.
    assert [counts[phase] for phase in ("forward", "loss", "optimizer")] == [20, 20, 20]
    assert counts["validation"] == 2 and min(counts.values()) > 0, counts
    # All is as before.
    assert solver.optimization.model is solver.model
    assert solver.optimization.loss is solver._loss and "Profile" not in recorder.log.__qualname__
