"""The seal of an ended run: any change of any byte afterwards is seen, and named."""

import json
import os
from pathlib import Path

import pytest

from project.provenance.run import Run
from project.provenance.seal import changes, first_change
from tests.provenance.records import RECORD


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A finished run with a file in each place that has some."""
    run = Run.create(
        tmp_path, "trial", RECORD, patch=b"diff", requirements="a==1\n", manifest=b"files"
    )
    for name in ("journal.jsonl", "metrics.csv", "checkpoints/best.pt", "figures/a.png"):
        path = run.directory / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(os.urandom(50))
    run.finish("finished", test={"test_loss": float("nan")}, epochs=1, steps=1)
    return run.directory


def test_an_untouched_run_is_unchanged(run: Path) -> None:
    assert changes(run) == []


def files_of(run: Path) -> list[Path]:
    found = [path for path in run.rglob("*") if path.is_file() and path.name != ".lock"]
    assert len(found) == 9
    return found


def test_bytes_of_every_file_count(run: Path) -> None:
    for path in files_of(run):
        name, before = path.relative_to(run).as_posix(), path.read_bytes()
        path.chmod(0o644)
        for at, byte in list(enumerate(before))[::3]:
            # Another line end; no text at all, any other byte, another case, one bit.
            flip = 0x07 if byte == ord("\n") else (0x80, 0xFF, 0x20, 0x01)[at % 4]
            flipped = bytearray(before)
            flipped[at] ^= flip
            path.write_bytes(flipped)
            (line,) = changes(run)
            assert line.startswith(f"{name} was changed"), (name, at, flip)
        path.write_bytes(before)
    assert changes(run) == []


def test_what_is_cut_off_or_appended_is_seen(run: Path) -> None:
    for path in files_of(run):
        name, before = path.relative_to(run).as_posix(), path.read_bytes()
        path.chmod(0o644)
        for content in (
            *(before[:n] for n in range(0, len(before), 3)),
            before + b"\n",
            before * 2,
        ):
            path.write_bytes(content)
            (line,) = changes(run)
            assert line.startswith(f"{name} was changed"), (name, len(content))
        path.write_bytes(before)


def test_the_first_change_is_told_without_the_rest(run: Path) -> None:
    outcome = json.loads((run / "outcome.json").read_text())
    (run / "metrics.csv").unlink()  # is not looked at
    assert first_change(run, outcome) is None
    for name in ("record.json", "outcome.json"):
        path, before = run / name, (run / name).read_bytes()
        path.chmod(0o644)
        path.write_bytes(before.replace(b"trial", b"tri4l").replace(b"finished", b"finishd"))
        assert first_change(run, json.loads((run / "outcome.json").read_text())) == name
        path.write_bytes(before)


def test_what_is_added_or_missing_is_named(run: Path) -> None:
    (run / "figures" / "b.png").write_bytes(b"")
    (run / "metrics.csv").unlink()
    (run / "tracking").mkdir()
    (run / "tracking" / "mlflow.json").write_text("{}")  # may change after the end
    assert changes(run) == ["metrics.csv is missing", "figures/b.png was added"]


def test_nobody_may_write_a_finished_run(run: Path) -> None:
    assert all(path.stat().st_mode & 0o222 == 0 for path in files_of(run))


def test_a_run_without_an_end_has_no_seal(tmp_path: Path) -> None:
    run = Run.create(tmp_path, "trial", RECORD, patch=b"", requirements="")
    with pytest.raises(ValueError, match="it has no outcome.json, it never ended"):
        changes(run.directory)
    run.release()


def test_a_run_of_before_seals(run: Path) -> None:
    (run / "outcome.json").unlink()
    (run / "outcome.json").write_text('{"status": "finished", "record": "blake3:00"}')
    with pytest.raises(ValueError, match="it was recorded without a seal"):
        changes(run)
