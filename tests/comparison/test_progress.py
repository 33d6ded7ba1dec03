"""What a journal tells, in whatever state it is."""

from pathlib import Path

import pytest

from project.comparison.loading import load
from project.comparison.progress import curves
from tests.comparison.store import begin, journal

BIG = "9" * 400  # more than a float can hold


@pytest.mark.parametrize(
    "line",
    [
        '{"step": %s, "epoch": 1, "time": 1, "metrics": {"val_loss": 0.1}}' % BIG,
        '{"step": 20, "epoch": -%s, "time": 1, "metrics": {"val_loss": 0.1}}' % BIG,
        '{"step": Infinity, "epoch": 1, "time": 1, "metrics": {"val_loss": 0.1}}',
        '{"step": 20, "epoch": 1, "time": 1, "metrics": {"val_loss": %s}}' % BIG,
        '{"step": 20, "epoch": 1, "time": %s, "metrics": {"val_loss": 0.1}}' % BIG,
        '{"val_loss": ' + "[" * 10**5 + "}",
    ],
    ids=["step", "epoch", "endless step", "score", "time", "depth"],
)
def test_numbers_that_no_curve_can_hold_are_a_damaged_line(tmp_path: Path, line: str) -> None:
    run = begin(tmp_path)
    journal(run.directory, (10, 0, {"val_loss": 0.5}))
    with open(run.directory / "journal.jsonl", "a") as file:
        file.write(f"{line}\n")
    found = load(run.directory)
    # What stands before the damage counts.
    assert found.best["value"] == 0.5 and "journal.jsonl is damaged in line 2" in found.damage
    with pytest.raises(ValueError, match="journal.jsonl is damaged in line 2"):
        curves(run.directory)
    run.release()
