"""CSV and JSON files, as Python's own readers see them."""

import csv
import json
import math
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from project.comparison import describe
from project.comparison.exporting import (
    check_places,
    write_comparison_csv,
    write_comparison_json,
    write_listing_csv,
    write_listing_json,
)
from project.comparison.loading import KnownRun, load
from tests.comparison.store import journal, make

THIRD = 1 / 3


@pytest.fixture
def runs(tmp_path: Path) -> list[KnownRun]:
    first = make(tmp_path / "exp", description='with "quotes", and\na line')
    second = make(tmp_path / "exp", seed=1, val={"val_accuracy": THIRD, "val_loss": math.nan})
    journal(second, (1, 0, {"train_loss": 2.5}), (2, 0, {"train_loss": 1.5}))
    return [load(first), load(second)]


def test_a_row_for_each_run(runs: list[KnownRun], tmp_path: Path) -> None:
    # Of this moment: minutes may have gone by since the tests were collected.
    now = datetime.now(UTC) + timedelta(hours=2)
    write_listing_csv(tmp_path / "runs.csv", runs, now)
    with open(tmp_path / "runs.csv", newline="") as file:
        first, second = csv.DictReader(file)
    assert first["run_id"] == runs[0].run_id and first["description"].endswith("and\na line")
    assert float(second["val_accuracy"]) == THIRD and math.isnan(float(second["val_loss"]))
    assert (first["seed"], second["seed"], first["sha"]) == ("0", "1", "0123456789" * 4)
    assert first["tags"] == "small" and 7200 <= float(first["age"]) < 7300
    write_listing_json(tmp_path / "runs.json", runs, now)
    listed = json.loads((tmp_path / "runs.json").read_text())["runs"]
    assert [run["run_id"] for run in listed] == [run.run_id for run in runs]
    assert listed[1]["val_accuracy"] == THIRD and listed[1]["val_loss"] == "nan"


def test_a_row_for_each_difference(runs: list[KnownRun], tmp_path: Path) -> None:
    found = describe(runs, repository=tmp_path)
    path = tmp_path / "a.csv"
    write_comparison_csv(path, found, all=False)
    header, *rows = csv.reader(path.read_text().splitlines(keepends=True))
    ids = [run.run_id for run in runs]
    assert header == ["section", "name", *ids, f"{ids[1]} - {ids[0]}"]
    by_name = {(row[0], row[1]): row[2:] for row in rows}
    assert by_name["flags", "seed"] == ["0", "1", ""]
    assert by_name["results", "val_accuracy"] == ["0.75", repr(THIRD), repr(THIRD - 0.75)]
    assert ("flags", "model") not in by_name
    write_comparison_csv(path, found, all=True)
    assert "flags,model,cnn,cnn," in path.read_text().splitlines()


def test_the_whole_description_as_json(runs: list[KnownRun], tmp_path: Path) -> None:
    write_comparison_json(tmp_path / "a.json", describe(runs, repository=tmp_path))
    found = json.loads((tmp_path / "a.json").read_text())
    assert [run["label"] for run in found["runs"]] == ["a", "b"]
    assert found["runs"][1]["curves"]["train_loss"]["value"] == [2.5, 1.5]
    row = next(row for row in found["sections"]["results"] if row["name"] == "val_accuracy")
    assert row == {
        "name": "val_accuracy",
        "values": [0.75, THIRD],
        "differs": True,
        "deltas": [0.0, THIRD - 0.75],
    }
    (group,) = found["groups"]
    assert group["seeds"] == [0, 1] and group["scores"]["val_loss"]["mean"] == "nan"


def test_nothing_is_written_into_a_run(runs: list[KnownRun]) -> None:
    (runs[0].directory / "figures").mkdir(exist_ok=True)
    for place in ("metrics.csv", "figures/a.csv"):
        with pytest.raises(ValueError, match="would be in a run's directory, which stays as it is"):
            check_places([None, runs[0].directory / place])


def test_each_file_needs_its_own_name(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is named twice"):
        check_places([tmp_path / "a", tmp_path / "b" / ".." / "a"])
