"""MLflow's embedded store, read with plain SQL, holds each run whole and each point once."""

import json
import math
import os
import re
import shutil
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from project.provenance.inventory import shared
from project.tracking.mlflow import fetch as _mlflow_fetch
from project.tracking.mlflow.layout import NAME_LENGTH, params, safe_name
from project.tracking.state import State
from project.words.sizes import size_text
from tests import forks
from tests.tracking.runs import OUTCOME, PNG, RECORD, finish, log, make_run

ROOT = Path(__file__).parents[2]


class Driver:
    """A process that sends runs; MLflow's imports take seconds, and raise warnings."""

    def __init__(self, log: Path) -> None:
        driver = Path(__file__).with_name("sync_driver.py")
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
        with log.open("wb") as errors:
            self.process = forks.answering([driver], environment, errors)

    def tell(self, *words: str) -> None:
        self.process.stdin.write(" ".join(words) + "\n")
        self.process.stdin.flush()

    def answer(self) -> str:
        """What `sync` printed up to its exit code."""
        lines = []
        while not (lines and lines[-1].startswith("code ")):
            lines.append(self.process.stdout.readline())
            assert lines[-1], "".join(lines)
        assert lines[-1] == "code 0\n", "".join(lines)
        return "".join(lines[:-1])

    def send(self, run: Path) -> str:
        self.tell("send", str(run))
        return self.answer()


@pytest.fixture(scope="module")
def drivers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Driver]]:
    folder = tmp_path_factory.mktemp("drivers")
    drivers = [Driver(folder / "0.log"), Driver(folder / "1.log")]
    yield drivers
    for driver in drivers:
        driver.process.stdin.close()
        driver.process.stdout.close()
        driver.process.wait()


@pytest.fixture(scope="module")
def exp_dir(tmp_path_factory: pytest.TempPathFactory, drivers: list[Driver]) -> Path:
    """A folder whose store two runs have made at the same time."""
    exp_dir = tmp_path_factory.mktemp("experiments")
    for i, driver in enumerate(drivers):
        run = make_run(exp_dir, f"20261121-03451{i}-aaaa")
        log(run, ({"train_loss": 0.5}, 1))
        finish(run)
        driver.tell("send", str(run))
    # Points: the loss. Files: record, patch, lock file, figure and outcome.
    for driver in drivers:
        assert "1 point and 5 files sent; up to date" in driver.answer()
    return exp_dir


def rows(exp_dir: Path, query: str, *values: Any) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(exp_dir / "mlflow.db")) as database:
        return database.execute(query, values).fetchall()


def entry(run: Path) -> str:
    return State.load(run, "mlflow").remote["id"]


def points(run: Path, name: str) -> list[tuple[int, float]]:
    query = "SELECT step, value FROM metrics WHERE run_uuid = ? AND key = ? ORDER BY step"
    return rows(run.parents[1], query, entry(run), name)


def tags(run: Path) -> dict[str, str]:
    return dict(rows(run.parents[1], "SELECT key, value FROM tags WHERE run_uuid = ?", entry(run)))


def status(run: Path) -> tuple[str, int | None]:
    query = "SELECT status, end_time FROM runs WHERE run_uuid = ?"
    (row,) = rows(run.parents[1], query, entry(run))
    return row


def test_two_runs_can_make_the_store_at_once(exp_dir: Path) -> None:
    names = rows(exp_dir, "SELECT name FROM runs ORDER BY name")
    assert names[:2] == [("20261121-034510-aaaa",), ("20261121-034511-aaaa",)]
    assert rows(exp_dir, "SELECT count(*) FROM experiments WHERE name = 'trial'") == [(1,)]
    # Readers and writers do not wait for each other.
    assert rows(exp_dir, "PRAGMA journal_mode") == [("wal",)]


def test_all_of_a_run_is_there(exp_dir: Path) -> None:
    run = exp_dir / "trial" / "20261121-034510-aaaa"
    assert points(run, "train_loss") == [(1, 0.5)]
    (sent,) = rows(exp_dir, "SELECT timestamp FROM metrics WHERE run_uuid = ?", entry(run))
    logged = json.loads((run / "journal.jsonl").read_text())["time"]
    assert sent == (round(logged * 1000),)
    query = "SELECT key, value FROM params WHERE run_uuid = ?"
    assert dict(rows(exp_dir, query, entry(run))) == {
        "learning_rate": "0.001",
        "tags": '["small", "cnn"]',
        "max_steps": "null",
        "data": "digits",
        "n_parameters": "1234",
    }
    expected = {
        "run_id": run.name,
        "git_sha": "0123456789" * 4,
        "git_dirty": "true",
        "data_hash": RECORD["data"]["hash"],
        "user": "ada",
        "host": "box",
        "command": "python -m project.run --exp-name trial",
        "tags": "small, cnn",
        "status": "finished",
        "best_step": "3",
        "best_value": "0.5",
        "checkpoint_best.pt": "blake3:" + "cd" * 32,
        "mlflow.user": "ada",
        "mlflow.note.content": "a first try",
        "mlflow.source.git.commit": "0123456789" * 4,
        "mlflow.source.git.branch": "main",
        "mlflow.source.git.repoURL": "https://example.com/project.git",
    }
    assert expected.items() <= tags(run).items()
    # 2026-11-21 03:46:12 UTC is 20,778 days and 13,572 s after 1970.
    assert status(run) == ("FINISHED", (20_778 * 86_400 + 13_572) * 1000)


def test_the_best_checkpoints_scores_have_a_name_of_their_own(
    exp_dir: Path, drivers: list[Driver]
) -> None:
    run = make_run(exp_dir, "20261121-034531-best")
    log(run, ({"val_loss": 0.25, "val_recall/a": 0.5}, 3), ({"val_loss": 0.75}, 6))
    best = {"epoch": 0, "step": 3, "metrics": {"val_loss": 0.25, "val_brier": "nan"}}
    finish(run, best=OUTCOME["best"] | best | {"metrics": best["metrics"] | {"val_recall/a": 0.5}})
    drivers[0].send(run)
    shown = "SELECT key, value, step, is_nan FROM latest_metrics WHERE run_uuid = ? ORDER BY key"
    assert rows(exp_dir, shown, entry(run)) == [
        ("best/val_brier", 0.0, 3, True),
        ("best/val_loss", 0.25, 3, False),
        ("val_loss", 0.75, 6, False),
        ("val_recall/a", 0.5, 3, False),
    ]


def test_the_data_set_is_an_input(exp_dir: Path) -> None:
    query = """
        SELECT d.name, d.digest, d.dataset_profile, d.dataset_schema FROM datasets d
        JOIN inputs i ON i.source_id = d.dataset_uuid WHERE i.destination_id = ?
    """
    run = exp_dir / "trial" / "20261121-034510-aaaa"
    ((name, digest, profile, schema),) = rows(exp_dir, query, entry(run))
    # Two times 16 digits and four more: the limit is 36 characters.
    assert (name, digest) == ("digits", "0123456789abcdef" * 2 + "0123")
    assert json.loads(profile)["num_rows"] == 70 + 10 + 20
    features = json.loads(json.loads(schema)["mlflow_tensorspec"]["features"])
    assert features[0]["tensor-spec"] == {"dtype": "uint8", "shape": [-1, 1, 8, 8]}


def test_files_are_artifacts(exp_dir: Path) -> None:
    run = exp_dir / "trial" / "20261121-034510-aaaa"
    folder = exp_dir / "mlflow-artifacts" / "trial" / entry(run) / "artifacts"
    names = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*.*"))
    assert names == [
        "code.patch",
        "figures/confusion.png",
        "outcome.json",
        "record.json",
        "requirements.lock",
    ]
    assert (folder / "figures" / "confusion.png").read_bytes() == PNG
    # Each is stored once, under two names.
    assert all((folder / name).samefile(run / name) for name in names)
    assert (run / "outcome.json").stat().st_nlink == 2
    others = [path.name for path in folder.rglob(".*")]
    assert shared(run, names) == others == []


def test_a_run_is_deleted_there_too_where_that_is_asked(
    exp_dir: Path, drivers: list[Driver]
) -> None:
    runs = [make_run(exp_dir, f"20261121-0345{i}0-aaaa") for i in (4, 5)]
    for run in runs:
        log(run, ({"train_loss": 0.5}, 1))
        finish(run)
        drivers[0].send(run)
    stored = [exp_dir / "mlflow-artifacts" / "trial" / entry(run) for run in runs]
    ids = [entry(run) for run in runs]
    kept_size = sum(path.stat().st_blocks * 512 for path in runs[0].rglob("*.*"))
    asked = [f"runs rm {run.name} --yes --exp-dir {exp_dir}" for run in runs]
    drivers[0].tell(asked[0])
    said = drivers[0].answer()
    assert "stays in mlflow: run 20261121-034540-aaaa in " in said
    # Its files stay under their names in the store, and free nothing.
    assert not runs[0].exists() and (stored[0] / "artifacts" / "record.json").is_file()
    freed = re.search("deleted trial/20261121-034540-aaaa, which freed (.*)", said)[1]
    assert freed != size_text(kept_size)
    drivers[0].tell(f"{asked[1]} --tracker mlflow")
    said = drivers[0].answer()
    assert said.startswith(f"mlflow: deleted from {exp_dir}/mlflow.db\ndeleted trial/")
    assert not runs[1].exists() and not stored[1].exists()
    found = [rows(exp_dir, "SELECT count(*) FROM metrics WHERE run_uuid = ?", i) for i in ids]
    assert found[1] == [(0,)] and found[0][0][0] > 0
    assert rows(exp_dir, "SELECT count(*) FROM runs WHERE run_uuid = ?", ids[1]) == [(0,)]
    shutil.rmtree(stored[0])
    with closing(sqlite3.connect(exp_dir / "mlflow.db")) as database, database:
        database.execute("DELETE FROM runs WHERE run_uuid = ?", [ids[0]])


def test_a_follower_killed_before_it_could_remember_repeats_nothing(
    exp_dir: Path, drivers: list[Driver]
) -> None:
    run = make_run(exp_dir, "20261121-034520-bbbb")
    # 1,500 steps of 3 metrics: five of MLflow's batches of 1,000.
    n = 1500
    log(run, *(({"a": 1 / step, "b": math.nan, "c": math.inf}, step) for step in range(1, n + 1)))
    finish(run)
    killed = drivers[1]
    killed.tell("die")
    killed.tell("send", str(run))
    assert killed.process.wait() == -signal.SIGKILL
    state = State.load(run, "mlflow")
    assert (state.points, len(points(run, "a"))) == (0, n)
    # Worse: it does not even know that it made an entry.
    State().save(run, "mlflow")

    drivers[0].send(run)
    assert points(run, "a") == [(step, 1 / step) for step in range(1, n + 1)]
    count = "SELECT key, count(*), sum(is_nan) FROM metrics WHERE run_uuid = ? GROUP BY key"
    assert rows(exp_dir, count, entry(run)) == [("a", n, 0), ("b", n, n), ("c", n, 0)]
    assert rows(exp_dir, "SELECT count(*) FROM runs WHERE name = ?", run.name) == [(1,)]


def test_a_resumed_run_goes_on_in_its_entry(exp_dir: Path, drivers: list[Driver]) -> None:
    run = make_run(exp_dir, "20261121-034530-cccc")
    log(run, ({"loss": 0.5}, 1))
    finish(run, status="failed", error="the disk is full")
    drivers[0].send(run)
    first = entry(run)
    assert status(run)[0] == "FAILED"
    assert tags(run)["error"] == "the disk is full"
    # Killed this time: no outcome.
    (run / "outcome.json").unlink()
    log(run, ({"loss": 0.25}, 2))
    drivers[0].send(run)
    assert entry(run) == first
    assert points(run, "loss") == [(1, 0.5), (2, 0.25)]
    assert (status(run)[0], tags(run)["status"]) == ("FAILED", "lost")
    assert "error" not in tags(run)


def test_an_entry_deleted_by_a_person_is_made_anew(exp_dir: Path, drivers: list[Driver]) -> None:
    run = make_run(exp_dir, "20261121-034540-dddd")
    log(run, ({"loss": 0.5}, 1))
    finish(run)
    drivers[0].send(run)
    first = entry(run)
    with closing(sqlite3.connect(exp_dir / "mlflow.db")) as database:
        database.execute("UPDATE runs SET lifecycle_stage = 'deleted' WHERE run_uuid = ?", [first])
        database.commit()
    drivers[0].send(run)
    assert entry(run) != first
    assert points(run, "loss") == [(1, 0.5)]


def test_files_go_into_an_experiment_that_was_made_through_a_server(
    exp_dir: Path, drivers: list[Driver]
) -> None:
    """Its place, `mlflow-artifacts:`, is one that MLflow writes to through a server alone."""
    with closing(sqlite3.connect(exp_dir / "mlflow.db")) as database:
        made = "INSERT INTO experiments (name, artifact_location, lifecycle_stage) VALUES (?, ?, ?)"
        database.execute(made, ["served", "mlflow-artifacts:/77", "active"])
        database.commit()
    run = make_run(exp_dir, "20261121-034550-eeee", exp_name="served")
    finish(run)
    assert "5 files sent; up to date" in drivers[0].send(run)
    query = "SELECT artifact_uri FROM runs WHERE run_uuid = ?"
    ((place,),) = rows(exp_dir, query, entry(run))
    folder = exp_dir / "mlflow-artifacts" / "served" / entry(run) / "artifacts"
    assert place == folder.as_uri()
    assert (folder / "figures" / "confusion.png").read_bytes() == PNG


TWO_AT_ONCE = """
import json, sys
from unittest.mock import Mock
from mlflow.exceptions import MlflowException
from project.tracking.mlflow.inputs import send_dataset
from tests.tracking.runs import RECORD

for text in ("(sqlite3.IntegrityError) UNIQUE constraint failed: datasets.name", "no such table"):
    client = Mock(log_inputs=Mock(side_effect=[MlflowException(text), None]))
    try:
        send_dataset(client, "RUN", RECORD["data"])
    except MlflowException as error:
        print(error)
    print(client.log_inputs.call_count)
"""


def test_runs_may_record_the_same_data_at_once() -> None:
    """MLflow looks for a data set and then writes it: the slower one finds it the second time."""
    done = forks.completed(["-c", TWO_AT_ONCE])
    assert done.stdout.split("\n") == ["2", "no such table", "1", ""], done.stderr


def test_points_are_the_rows_that_mlflow_makes_of_them(tmp_path: Path) -> None:
    done = forks.completed(["-m", "tests.tracking.mlflow_points", str(tmp_path)])
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    # loss has three distinct points, a/b two, low three, late three.
    assert len(found["theirs"]["metrics"]) == 3 + 2 + 3 + 3
    assert len(found["theirs"]["latest_metrics"]) == 4
    assert found["ours"] == found["theirs"] == found["after"]
    assert found["deleted"] == "run RUN was deleted from the store"


def test_names_stay_apart_and_within_the_limits() -> None:
    names = ["acc@top1", "acc#top1", "acc:40:top1", "acc/top1", "acc//top1", "/acc", "acc/", "acc"]
    names += [
        "..",
        ".",
        "a/../acc",
        "./acc",
        "../acc",
        "",
        "große Straße",
        "val_recall/T-shirt/top",
    ]
    names += ["x" * 250, "x" * 251, "x" * 252, "@" * 84, "@" * 85]
    safe = [safe_name(name) for name in names]
    assert len(set(safe)) == len(names)
    assert max(map(len, safe)) == NAME_LENGTH
    # What MLflow allows stays as it is.
    assert safe_name("val_recall/T-shirt/top") == "val_recall/T-shirt/top"
    assert safe_name("acc@top1") == "acc:40:top1"


def test_long_values_are_cut() -> None:
    record = {**RECORD, "flags": {"description": "x" * 6001}}
    assert params(record)["description"] == "x" * 5997 + "..."


class Store:
    """What is asked of MLflow's client for a run's curves."""

    CURVES = {"val_loss": [(1, 3, 0.25), (2, 6, 0.75)], "best/val_loss": [(9, 3, 0.25)]}

    def get_metric_history(self, run_id: str, name: str) -> list[SimpleNamespace]:
        names = ("timestamp", "step", "value")
        return [SimpleNamespace(**dict(zip(names, point))) for point in self.CURVES[name]]


@pytest.mark.parametrize("ours", [True, False])
def test_a_run_had_back_has_what_it_logged_alone(tmp_path: Path, ours: bool) -> None:
    """Without what the tracker adds; another program's run may have logged such a name."""
    if ours:
        finish(tmp_path, best=OUTCOME["best"] | {"metrics": {"val_loss": 0.25}})
    run = SimpleNamespace(
        data=SimpleNamespace(metrics=Store.CURVES), info=SimpleNamespace(run_id="")
    )
    _mlflow_fetch._write_journal(Store(), run, tmp_path)
    lines = (tmp_path / "journal.jsonl").read_text().splitlines()
    names = [name for line in lines for name in json.loads(line)["metrics"]]
    assert names == ["val_loss", "val_loss"] + ["best/val_loss"] * (not ours)


def test_a_sweep_is_the_parent_of_its_runs(exp_dir: Path, drivers: list[Driver]) -> None:
    """Which MLflow shows below it; the sweep lasts as long as the latest of them."""
    runs = [make_run(exp_dir, f"20261121-03460{i}-aaaa") for i in range(2)]
    for number, run in enumerate(runs):
        told = {"name": "trial", "id": "f00d", "kind": "trial", "number": number}
        record = json.loads((run / "record.json").read_text()) | {"sweep": told}
        (run / "record.json").write_text(json.dumps(record))
        finish(run)
        drivers[0].send(run)
    (parent,) = rows(exp_dir, "SELECT run_uuid FROM tags WHERE key = 'sweep_id' AND value = 'f00d'")
    children = rows(
        exp_dir, "SELECT run_uuid FROM tags WHERE key = 'mlflow.parentRunId' AND value = ?", *parent
    )
    assert {child for (child,) in children} == {entry(run) for run in runs}
    asked = "SELECT name, status, start_time, end_time FROM runs WHERE run_uuid = ?"
    ((name, status, start, end),) = rows(exp_dir, asked, *parent)
    ((_, _, first, _),) = rows(exp_dir, asked, entry(runs[0]))
    ((_, _, _, latest),) = rows(exp_dir, asked, entry(runs[1]))
    assert (name, status, start, end) == ("trial", "FINISHED", first, latest)
    numbers = "SELECT value FROM tags WHERE key = 'sweep_number' ORDER BY value"
    assert rows(exp_dir, numbers) == [("0",), ("1",)]
