"""The embedded store may be moved or copied: its files are found, and written, beside it."""

import shutil
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from project import serve
from project.server.start import make_settings
from project.server.storage.storage import artifact_address
from project.sync import main as sync
from project.tracking.mlflow.fetch import fetch
from project.tracking.mlflow.locations import local_path, now_at
from project.tracking.mlflow.store import embedded_store
from tests.tracking.runs import finish, log, make_run

RUN, MODEL = "0123456789abcdef" * 2, "m-" + "0123456789abcdef" * 2
INSERT = "INSERT INTO experiments (experiment_id, name, artifact_location) VALUES (?, ?, ?)"


def places(exp_dir: Path) -> dict[str, str]:
    """Every place in the store, by the name of an experiment or of a run."""
    with closing(sqlite3.connect(exp_dir / "mlflow.db")) as database:
        found = database.execute("SELECT name, artifact_location FROM experiments").fetchall()
        return dict(found + database.execute("SELECT name, artifact_uri FROM runs").fetchall())


def old_store(exp_dir: Path, *rows: tuple[int, str, str], runs: dict[str, str]) -> None:
    """The tables that matter here, of a store as the code before wrote it."""
    exp_dir.mkdir(parents=True)
    with closing(sqlite3.connect(exp_dir / "mlflow.db")) as database:
        columns = "experiment_id INTEGER PRIMARY KEY, name TEXT, artifact_location TEXT"
        database.execute(f"CREATE TABLE experiments ({columns})")
        database.execute(
            "CREATE TABLE runs (run_uuid TEXT PRIMARY KEY, name TEXT, artifact_uri TEXT)"
        )
        database.executemany(INSERT, rows)
        database.executemany(
            "INSERT INTO runs VALUES (?, ?, ?)", [(n, n, p) for n, p in runs.items()]
        )
        database.commit()


def test_a_store_made_before_is_corrected_where_it_is_opened(tmp_path: Path) -> None:
    before, after = tmp_path / "a b#ü", tmp_path / "c d"
    other = tmp_path / "nas" / "mlflow-artifacts" / "shared"
    other.mkdir(parents=True)
    files = before / "mlflow-artifacts"
    # Even an experiment of that name is told from the folder.
    run = (files / "mlflow-artifacts" / RUN / "artifacts").as_uri()
    old_store(
        before,
        (0, "Default", "/where/it/was/made/mlflow-artifacts/0"),
        (1, "mlflow-artifacts", (files / "mlflow-artifacts").as_uri()),
        (2, "served", "mlflow-artifacts:/2"),
        (3, "shared", other.as_uri()),
        (4, "bucket", "s3://bucket/mlflow-artifacts/x"),
        runs={"run": run, "in a bucket": f"s3://b/mlflow-artifacts/x/{RUN}/artifacts"},
    )
    first = places(before)
    (files / "mlflow-artifacts").mkdir(parents=True)
    for folder, moved_from in ((after, before), (before, after)):
        moved_from.rename(folder)
        assert embedded_store(folder) == f"sqlite:///{folder}/mlflow.db"
        artifacts = (folder / "mlflow-artifacts").as_uri()
        assert places(folder) == first | {
            "Default": f"{artifacts}/0",
            "mlflow-artifacts": f"{artifacts}/mlflow-artifacts",
            "run": f"{artifacts}/mlflow-artifacts/{RUN}/artifacts",
        }
        assert not moved_from.exists()


def test_a_moved_store_that_can_only_be_read_is_told_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old_store(tmp_path / "there", (1, "trial", "/here/mlflow-artifacts/trial"), runs={})
    connect = sqlite3.connect

    def read_only(path: Path, **options: Any) -> sqlite3.Connection:
        return connect(f"file:{path}?mode=ro", uri=True, **options)

    # Permissions would not keep root from writing.
    monkeypatch.setattr(sqlite3, "connect", read_only)
    with pytest.raises(OSError, match="mlflow.db: attempt to write a readonly .*must be writable"):
        embedded_store(tmp_path / "there")


def test_many_may_open_a_moved_store_at_once(tmp_path: Path) -> None:
    exp_dir = tmp_path / "there"
    place = (tmp_path / "here" / "mlflow-artifacts" / "trial").as_uri()
    runs = {f"{n:032x}": f"{place}/{n:032x}/artifacts" for n in range(200)}
    old_store(exp_dir, (1, "trial", place), runs=runs)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(embedded_store, [exp_dir] * 8))
    now = (exp_dir / "mlflow-artifacts" / "trial").as_uri()
    assert places(exp_dir) == {"trial": now} | {n: f"{now}/{n}/artifacts" for n in runs}


@pytest.mark.parametrize("rest", ["trial", f"trial/{RUN}/artifacts", f"t/models/{MODEL}/artifacts"])
def test_a_place_is_below_the_store_unless_its_files_are_elsewhere(
    tmp_path: Path, rest: str
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    was, now = ((folder / "mlflow-artifacts" / rest).as_uri() for folder in (there, here))
    assert now_at(was, here) == now_at(now, here) == now
    # A copy, whose original is still there, keeps its own; what was never here stays.
    local_path(was).mkdir(parents=True)
    assert now_at(was, here) == was
    local_path(now).mkdir(parents=True)
    assert now_at(was, here) == now


def test_runs_from_before_and_after_a_move_are_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    before, after = tmp_path / "before", tmp_path / "after"
    first = make_run(before)
    finish(first)
    assert sync([str(first), "--tracker", "mlflow"]) == 0
    before.rename(after)
    second = make_run(after, "20261121-034513-7h3k")
    log(second, ({"loss": 0.5}, 1))
    finish(second)
    assert sync([str(second), "--tracker", "mlflow"]) == 0
    assert not before.exists()
    found = places(after)
    settings = make_settings(serve.make_parser().parse_args(["--exp-dir", str(after)]))
    for name in (first.name, second.name):
        folder = local_path(found[name])
        assert folder.is_relative_to(after)
        assert sorted(path.name for path in folder.iterdir()) == [
            *("code.patch", "figures", "outcome.json", "record.json", "requirements.lock")
        ]
        # The page of a server that was started here finds them, whatever the store says.
        assert artifact_address(settings, folder.as_uri().replace("after", "before")) == found[name]
    assert local_path(found["Default"]) == after / "mlflow-artifacts" / "0"
    # Of two that are equal, each has its own files.
    (tmp_path / "fetched").mkdir()
    shutil.copytree(after, before)
    run_id = local_path(found[first.name]).parent.name
    copy = fetch(run_id, tmp_path / "fetched", before, None)
    assert (copy / "record.json").read_bytes() == (
        after / "trial" / first.name / "record.json"
    ).read_bytes()
    assert all(local_path(place).is_relative_to(before) for place in places(before).values())
    assert places(after) == found
