"""The index of all runs: it says what the runs say, whatever has become of them or of itself."""

import math
import os
import shutil
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from project.comparison.loading import load
from project.comparison.values import values_of
from project.metadataset import index as indexing
from project.metadataset.index import Index
from project.metadataset.opening import opened
from project.metadataset.querying import Question, answer, with_settings
from project.metadataset.tables import TABLES
from project.provenance.notes import set_note
from project.provenance.run import Run
from tests.comparison.store import begin, edit, journal, make
from tests.metadataset.past import begun, past

NOW = datetime(2026, 12, 1, tzinfo=UTC)


def rows_of(exp_dir: Path, table: str = "experiment") -> list[dict[str, Any]]:
    with opened(exp_dir, pytest.fail) as index:
        return index.rows(table, classes=True)


def ids(exp_dir: Path) -> list[str]:
    return [row["run_id"] for row in rows_of(exp_dir)]


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of the runs that are read, as they are."""
    found: list[str] = []

    def noted(directory: Path) -> Any:
        found.append(directory.name)
        return load(directory)

    monkeypatch.setattr(indexing, "load", noted)
    return found


def test_runs_are_told_as_comparisons_tell_them(tmp_path: Path) -> None:
    """Each value by which `compare --where` knows a run is in its row, or its setting's."""
    past(tmp_path, {"val_loss": math.nan}, seed=3, plugs={"mlp": {"n": 2}}, tags=["a"])
    make(tmp_path, {"val_accuracy": 0.9}, status="failed")
    begin(tmp_path, exp_name="other", learning_rate=0.5)
    with opened(tmp_path, pytest.fail) as index:
        rows = with_settings(index, index.rows("experiment", classes=True), NOW)
    assert len(rows) == 3
    for row in rows:
        expected = values_of(load(tmp_path / row["path"]), NOW)
        for name, value in expected.items():
            assert row[name] == value or (value != value and row[name] != row[name]), name
        more = row.keys() - expected.keys()
        assert more == {"path", "error", "peak_memory", *(f"{t}_id" for t in TABLES if t[0] != "e")}


def test_only_what_has_changed_is_read_again(tmp_path: Path, loads: list[str]) -> None:
    first, second, third = (past(tmp_path, seed=seed) for seed in range(3))
    assert len(ids(tmp_path)) == len(loads) == 3
    loads.clear()
    assert len(ids(tmp_path)) == 3 and loads == []
    set_note(second, "look here")
    shutil.rmtree(third)
    fourth = past(tmp_path, seed=7)
    noted = {row["run_id"]: row["note"] for row in rows_of(tmp_path)}
    assert noted == {first.name: "", second.name: "look here", fourth.name: ""}
    assert sorted(loads) == sorted([second.name, fourth.name])


def test_a_run_that_lives_is_read_each_time_and_a_killed_one_once(
    tmp_path: Path, loads: list[str]
) -> None:
    run = begun(tmp_path)
    assert [row["status"] for row in rows_of(tmp_path)] == ["running"]
    journal(run.directory, (10, 0, {"val_loss": 0.25}))
    assert [(row["status"], row["val_loss"]) for row in rows_of(tmp_path)] == [("running", 0.25)]
    run._lock.release()  # as the end of its process does, however it ends
    assert [row["status"] for row in rows_of(tmp_path)] == ["lost"]
    assert len(loads) == 3
    assert [row["status"] for row in rows_of(tmp_path)] == ["lost"] and len(loads) == 3
    again = Run.reopen(run.directory)
    assert [row["status"] for row in rows_of(tmp_path)] == ["running"]
    again.finish("finished", best=None, epochs=1, steps=10)
    assert [row["status"] for row in rows_of(tmp_path)] == ["finished"]


def test_what_runs_share_is_there_once_and_goes_with_the_last_of_them(tmp_path: Path) -> None:
    kept = past(tmp_path, seed=0)
    gone = [past(tmp_path, seed=1, model="cnn"), past(tmp_path, samples={"classes": ["one"]})]
    assert [len(rows_of(tmp_path, table)) for table in TABLES] == [2, 2, 2, 2, 3]
    for directory in gone:
        shutil.rmtree(directory)
    assert [len(rows_of(tmp_path, table)) for table in TABLES] == [1, 1, 1, 1, 1]
    assert ids(tmp_path) == [kept.name]
    assert [row["runs"] for row in rows_of(tmp_path, "hyperparameters")] == [1]


def test_a_run_that_cannot_be_read_is_told_each_time_and_read_once(
    tmp_path: Path, loads: list[str]
) -> None:
    whole, damaged = past(tmp_path, seed=0), past(tmp_path, seed=1)
    (damaged / "record.json").chmod(0o644)
    (damaged / "record.json").write_text("{")
    for _ in range(2):
        with opened(tmp_path, pytest.fail) as index:
            assert [row["run_id"] for row in index.rows("experiment")] == [whole.name]
            (problem,) = index.problems()
            assert problem.startswith(f"{damaged / 'record.json'} is damaged: it is not JSON")
    assert len(loads) == 2


def test_a_killed_indexing_goes_on_where_it_was(
    tmp_path: Path, loads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed in the third batch of two: four runs are known, and two are read again."""
    for seed in range(6):
        past(tmp_path, seed=seed)
    monkeypatch.setattr(indexing, "_AT_ONCE", 2)
    kept = Index._keep

    def killed(self: Index, path: str, *rest: Any) -> None:
        if len(loads) == 6:
            raise KeyboardInterrupt
        kept(self, path, *rest)

    monkeypatch.setattr(Index, "_keep", killed)
    with pytest.raises(KeyboardInterrupt):
        ids(tmp_path)
    monkeypatch.setattr(Index, "_keep", kept)
    loads.clear()
    assert len(ids(tmp_path)) == 6 and len(loads) == 2


@pytest.mark.parametrize(
    "harm, said",
    [
        (lambda path: path.write_bytes(b"no database" * 1000), ["is damaged (file is not a data"]),
        (lambda path: _set_version(path, 99), []),
        (lambda path: path.write_bytes(path.read_bytes()[:5000]), ["is damaged ("]),
        (lambda path: _scribble(path), ["is damaged ("]),
        (lambda path: (path.unlink(), path.mkdir()), ["can't be kept (unable to open"]),
    ],
    ids=["no database", "of another version", "cut", "scribbled on", "a folder"],
)
def test_an_index_that_is_none_is_made_anew(
    tmp_path: Path, harm: Callable[[Path], object], said: list[str]
) -> None:
    run = past(tmp_path)
    ids(tmp_path)
    harm(tmp_path / "metadata.db")
    told: list[str] = []
    with opened(tmp_path, told.append) as index:
        assert [row["run_id"] for row in index.rows("experiment")] == [run.name]
    assert [part in line for part, line in zip(said, told, strict=True)] == [True] * len(said)


def _set_version(path: Path, number: int) -> None:
    with sqlite3.connect(path) as database:
        database.execute("DROP TABLE task_")
        database.execute(f"PRAGMA user_version = {number}")


def _scribble(path: Path) -> None:
    """Write over all pages but the first, which alone is looked at when a file is opened."""
    content = path.read_bytes()
    path.write_bytes(content[:4096] + bytes(255 for _ in content[4096:]))


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_that_may_not_be_written_is_read(tmp_path: Path) -> None:
    run = past(tmp_path)
    tmp_path.chmod(0o555)
    told: list[str] = []
    with opened(tmp_path, told.append) as index:
        assert [row["run_id"] for row in index.rows("experiment")] == [run.name]
    assert "can't be kept" in told[0]


def test_views_have_a_column_for_each_value(tmp_path: Path) -> None:
    """By SQL alone, as any program reads them."""
    past(tmp_path, {"val_accuracy": 0.5}, seed=0, learning_rate=0.1, plugs={"mlp": {"n": 2}})
    past(tmp_path, {"val_accuracy": 0.75}, seed=1, learning_rate=0.1, plugs={"mlp": {"n": 2}})
    past(tmp_path, {"val_accuracy": 0.9}, learning_rate=0.2)
    ids(tmp_path)
    with sqlite3.connect(tmp_path / "metadata.db") as database:
        found = database.execute(
            "SELECT learning_rate, n, avg(val_accuracy), count(*) FROM experiment"
            " JOIN hyperparameters ON hyperparameters.id = hyperparameters_id"
            " GROUP BY hyperparameters_id ORDER BY learning_rate"
        ).fetchall()
        assert found == [(0.1, 2, (0.5 + 0.75) / 2, 2), (0.2, None, 0.9, 1)]
        stats = database.execute("SELECT name, train, n_classes, height FROM dataset_stats")
        assert stats.fetchall() == [("digits", 70, 2, 8)]


def test_the_balance_of_classes_is_an_entropy(tmp_path: Path) -> None:
    """Of 1 and 3 samples: -(1/4 log 1/4 + 3/4 log 3/4) / log 2 = 0.811278."""
    for counts in ([1, 3], [2, 2], [4, 0]):
        past(tmp_path, samples={"counts": {"train": {"total": 4, "per_class": counts}}})
    found = {row["largest_class"]: row["balance"] for row in rows_of(tmp_path, "dataset_stats")}
    expected = -(math.log(1 / 4) / 4 + 3 * math.log(3 / 4) / 4) / math.log(2)
    assert found == {3: pytest.approx(expected), 2: pytest.approx(1), 4: 0.0}


def test_questions_are_those_of_comparisons(tmp_path: Path) -> None:
    for seed, (rate, accuracy) in enumerate([(0.1, 0.5), (0.01, 0.9), (0.001, 0.75)]):
        past(tmp_path, {"val_accuracy": accuracy}, seed=seed, learning_rate=rate)

    def asked(**question: Any) -> list[int]:
        with opened(tmp_path, pytest.fail) as index:
            found = answer(index, Question("experiment", **question), NOW)
        return [row["seed"] for row in found.rows]

    assert sorted(asked(where=["val_accuracy > 0.6 and learning_rate in (0.01, 0.001)"])) == [1, 2]
    assert asked(sort="val_accuracy") == [0, 2, 1]
    assert asked(sort="learning_rate", reverse=True) == [0, 1, 2]
    assert asked(where=["'val_recall/one' == 0.25"], sort="seed") == [0, 1, 2]
    with pytest.raises(ValueError, match="unknown name 'val_acuracy', did you mean"):
        asked(where=["val_acuracy > 0.5"])


def test_a_record_that_was_changed_is_told(tmp_path: Path) -> None:
    run = past(tmp_path)
    assert [row["changed"] for row in rows_of(tmp_path)] == [None]
    edit(run, "record.json", host="elsewhere")
    assert [row["changed"] for row in rows_of(tmp_path)] == ["record.json"]
