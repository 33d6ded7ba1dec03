"""The table of tested samples: names without secrets, and pictures of wrong ones by a fixed lot."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np

from project.callbacks.predictions import MOST_PICTURES, Predictions
from project.provenance.redact import Redactor
from project.tables.parquet import read_columns
from project.values import Example

SECRET = "s3c" "r3t-t0ken-of-mine"


def test_names_are_masked_and_pictures_are_of_some_that_are_wrong(tmp_path: Path) -> None:
    n = 3 * MOST_PICTURES
    index = np.arange(n) * 2
    target, right = np.zeros(n, int), np.arange(n) % 3 == 0
    samples = {"index": index, "loss": np.ones(n), "target": target, "prediction": 1 - right}
    task = SimpleNamespace(name="classification", classes=("a", "b"))
    mask = Redactor({"API_TOKEN": SECRET}).redact_each
    seen = np.zeros((300, 100), np.uint8)
    written = Predictions(
        tmp_path,
        lambda split, i: Example(i, seen, 0),
        lambda split, i: f"{split}/{SECRET}-{i}.png",
        mask,
    )
    solver = SimpleNamespace(samples=samples, task=task)
    written.on_test_end(SimpleNamespace(is_global_zero=True), solver)
    found, about = read_columns(tmp_path / "predictions.parquet")
    assert about["run_id"] == tmp_path.name and about["classes"] == ["a", "b"]
    assert found["path"][:2] == ["test/***-0.png", "test/***-2.png"]
    pictured = np.array([picture is not None for picture in found["picture"]])
    assert pictured.sum() == MOST_PICTURES and not (pictured & right).any()
    written.on_test_end(SimpleNamespace(is_global_zero=False), None)  # only one process writes
