"""The seal of an ended run: any change of any byte afterwards is seen, and named."""

import os
from pathlib import Path
from typing import Any

import pytest

from project.provenance.run import Run
from project.provenance.seal import changes

RECORD: dict[str, Any] = {
    "schema": 1,
    "exp_name": "trial",
    "flags": {},
    "code": {"sha": None, "dirty": None},
    "data": {"hash": "blake3:00"},
}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A finished run with a file in each place that has some."""
    run = Run.create(tmp_path, "trial", RECORD, patch=b"diff", requirements="a==1\n")
    for name in ("journal.jsonl", "metrics.csv", "checkpoints/best.pt", "figures/a.png"):
        path = run.directory / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(os.urandom(50))
    run.finish("finished", test={"test_loss": float("nan")}, epochs=1, steps=1)
    return run.directory


def test_an_untouched_run_is_unchanged(run: Path) -> None:
    assert changes(run) == []


def test_every_bit_of_every_file_counts(run: Path) -> None:
    names = [path.relative_to(run).as_posix() for path in run.rglob("*") if path.is_file()]
    names.remove(".lock")
    assert len(names) == 8
    for name in names:
        path = run / name
        before = path.read_bytes()
        path.chmod(0o644)
        for at in range(len(before)):
            flipped = bytearray(before)
            flipped[at] ^= 1
            path.write_bytes(flipped)
            (line,) = changes(run)
            assert line.startswith(f"{name} was changed"), (name, at)
        path.write_bytes(before)
    assert changes(run) == []


def test_what_is_added_or_missing_is_named(run: Path) -> None:
    (run / "figures" / "b.png").write_bytes(b"")
    (run / "metrics.csv").unlink()
    (run / "tracking").mkdir()
    (run / "tracking" / "mlflow.json").write_text("{}")  # may change after the end
    assert changes(run) == ["metrics.csv is missing", "figures/b.png was added"]


def test_nobody_may_write_a_finished_run(run: Path) -> None:
    files = [path for path in run.rglob("*") if path.is_file() and path.name != ".lock"]
    assert len(files) == 8
    assert all(path.stat().st_mode & 0o222 == 0 for path in files)


def test_a_run_without_an_end_has_no_seal(tmp_path: Path) -> None:
    run = Run.create(tmp_path, "trial", RECORD, patch=b"", requirements="")
    with pytest.raises(ValueError, match="it has no outcome.json, it never ended"):
        changes(run.directory)


def test_a_run_of_before_seals(run: Path) -> None:
    (run / "outcome.json").unlink()
    (run / "outcome.json").write_text('{"status": "finished", "record": "blake3:00"}')
    with pytest.raises(ValueError, match="it was recorded without a seal"):
        changes(run)
