"""Runs of the store as the comparison knows runs: with our record and without."""

import json
from pathlib import Path
from typing import Any

import pytest

from project.comparison.description import describe
from project.comparison.loading import KnownRun
from project.server.compare import contents, known, metrics
from project.server.compare.visible import Run
from tests.server.compare.stores import STARTED, Store
from tests.tracking.runs import OUTCOME, RECORD

ID = "20261121-034512-7h3k"


def read(store: Store, folder: Path, *runs: Run) -> tuple[list[KnownRun], list[str]]:
    with store.database.read() as connection:
        told = metrics.listed(connection, runs, [])
        return known.known(store.context(), connection, runs, told, folder)


def write(store: Store, number: int, record: Any, outcome: Any = None) -> None:
    store.artifacts(number).mkdir(parents=True)
    for name, content in {"record": record, "outcome": outcome}.items():
        if content is not None:
            text = content if isinstance(content, str) else json.dumps(content)
            (store.artifacts(number) / f"{name}.json").write_text(text)


def test_scores_are_the_outcomes_and_not_the_last_ones(store: Store, tmp_path: Path) -> None:
    run = store.add(name=ID)
    best = {"epoch": 1, "step": 4, "monitor": "val_loss", "value": 0.25}
    best |= {"metrics": {"val_loss": 0.25, "val_recall/x": "nan"}}
    write(store, 1, RECORD, OUTCOME | {"best": best, "files": {"journal.jsonl": "blake3:0"}})
    store.log(run, "val_loss", [(0.25, 4, STARTED, False), (0.75, 9, STARTED, False)])
    (found,), problems = read(store, tmp_path, run)
    assert problems == [] and found.run_id == ID
    assert found.scores["val_loss"] == 0.25 and found.scores["test_accuracy"] == 0.9
    assert found.record["flags"]["learning_rate"] == 0.001
    # The journal is in no store, and nobody misses it.
    assert describe([found], repository=None, curves=False)["problems"] == []


def test_a_run_that_trains_has_its_best_epoch_so_far(store: Store, tmp_path: Path) -> None:
    run = store.add(name=ID, status="RUNNING")
    # What its former end has left says nothing any more.
    write(store, 1, RECORD | {"scores": {"loss": "min", "accuracy": "max"}}, OUTCOME)
    values = {"val_loss": [0.5, 0.25, 0.75], "val_accuracy": [0.1, 0.2, 0.3], "lr": [1, 2, 3]}
    for name, each in values.items():
        store.log(run, name, [(value, step, STARTED, False) for step, value in enumerate(each)])
    (found,), _ = read(store, tmp_path, run)
    assert found.status == "running" and found.outcome == {}
    assert found.scores == {"val_loss": 0.25, "val_accuracy": 0.2}


def test_a_run_of_another_program(store: Store, tmp_path: Path) -> None:
    run = store.add(name="bold-crow-1")
    store.params(run, lr="0.1", depth="03", pretrained="true")
    store.tag(run, mlflow__source__git__commit="abc", mlflow__note__content="why", team="vision")
    store.log(run, "valid/acc", [(0.5, 0, STARTED, False), (0.25, 1, STARTED, False)])
    (found,), problems = read(store, tmp_path, run)
    assert problems == [] and found.tags == ["team=vision"]
    assert found.record["flags"] == {"lr": 0.1, "depth": "03", "pretrained": True}
    assert found.record["code"] == {"sha": "abc"} and found.record["description"] == "why"
    assert found.scores == {"valid/acc (last)": 0.25}
    assert found.record["scores"] == {"valid/acc": "max", "valid/acc (last)": "max"}
    assert found.outcome == {"duration": 60.0}


@pytest.mark.parametrize(
    "content", ["[1, 2]", "{", "null", '{"best": 3, "flags": "x"}', "[" * 9999, '{"schema": 99}']
)
def test_a_record_that_is_none_of_ours_is_no_fault(
    store: Store, tmp_path: Path, content: str
) -> None:
    run = store.add()
    write(store, 1, content, content)
    (found,), problems = read(store, tmp_path, run)
    assert found.record["foreign"] and str(tmp_path) not in " ".join(problems)


def test_last_values_of_other_programs_stand_in_rows_of_their_own(store: Store) -> None:
    ours, *others = store.add(1, name=ID), store.add(2, name="crow"), store.add(3, name="crow")
    write(store, 1, RECORD, OUTCOME | {"test": {"test_accuracy": 0.5}})
    for run, value in zip(others, (0.75, 0.25), strict=True):
        store.log(run, "test_accuracy", [(value, 0, STARTED, False)])
    store.params(others[0], lr="0.1")
    store.params(others[1], lr="0.2")
    found = contents.contents(store.context(), f"{ours.id},{others[0].id},{others[1].id}")
    rows = {row["name"]: row for row in found["rows"] if row["section"] == "results"}
    assert rows["test_accuracy"]["each"] == [{"text": "0.5"}, None, None]
    marked = [cell and cell.get("best") for cell in rows["test_accuracy (last)"]["each"]]
    assert marked == [None, True, None]
    # Called by the name that a person gave, and more where several have it.
    assert [run["name"] for run in found["runs"]] == [ID, "crow, lr 0.1", "crow, lr 0.2"]
    assert found["problems"] == []
