"""A run's directory: whole or absent, alone its process's, and true about how it ended."""

import errno
import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from blake3 import blake3

from project.provenance import _creation, runs_csv
from project.provenance._creation import new_run_id
from project.provenance.code import code_state
from project.provenance.environment import environment, lock_text
from project.provenance.record import make_record
from project.provenance.redact import Redactor
from project.provenance.run import Run, status
from project.provenance.schema import SCHEMA
from tests.provenance.records import RECORD

ROOT = Path(__file__).parents[2]
# What a script in another process starts with.
PREAMBLE = (
    f"import os, sys; from pathlib import Path; from project.provenance.run import Run, status\n"
    f"RECORD = {RECORD!r}\n"
    "def create(): return Run.create(Path(sys.argv[1]), 'trial', RECORD, patch=b'', "
    "requirements='')\n"
)


def create(exp_dir: Path, **changes: Any) -> Run:
    arguments: dict[str, Any] = {"patch": b"diff", "requirements": "a==1\n"} | changes
    return Run.create(exp_dir, "trial", RECORD, **arguments)


def start(script: str, exp_dir: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", PREAMBLE + script, str(exp_dir)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)


def contents(directory: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in directory.iterdir() if p.is_file()}


def test_ids_are_readable_and_sort_by_time() -> None:
    # 123456 = 3 * 32**3 + 24 * 32**2 + 18 * 32 + 0, and digits 24 and 18 are "r" and "j".
    now = datetime(2026, 11, 21, 3, 45, 12, 123456, UTC)
    assert 3 * 32**3 + 24 * 32**2 + 18 * 32 == 123456
    assert new_run_id(now) == "20261121-034512-3rj0"
    assert new_run_id(now.astimezone(timezone(timedelta(hours=5)))) == "20261121-034512-3rj0"
    times = [now + timedelta(microseconds=i * i * 977) for i in range(500)]
    ids = [new_run_id(time) for time in times]
    assert ids == sorted(ids) and len(set(ids)) == 500


def test_a_new_run_is_complete(tmp_path: Path) -> None:
    run = create(tmp_path / "exps")
    assert run.directory == tmp_path / "exps" / "trial" / run.run_id
    assert contents(run.directory) == {
        ".lock": b"",
        "code.patch": b"diff",
        "requirements.lock": b"a==1\n",
        "record.json": (run.directory / "record.json").read_bytes(),
    }
    record = json.loads((run.directory / "record.json").read_text())
    assert record == run.record
    assert list(record) == [
        "schema",
        "run_id",
        "exp_name",
        "created",
        "flags",
        "tags",
        "start",
        "code",
        "sources",
        "data",
        "environment",
        "manifest_blake3",
    ]
    assert record["run_id"] == run.run_id
    created = datetime.fromisoformat(record["created"])
    assert new_run_id(created)[:15] == run.run_id[:15]
    assert runs_csv.read(tmp_path / "exps")[0]["status"] == "running"
    run.release()


def test_without_a_patch_there_is_no_file(tmp_path: Path) -> None:
    run = create(tmp_path, patch=None)
    assert not (run.directory / "code.patch").exists()
    run.release()


def test_runs_of_the_same_microsecond_get_ids_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Frozen(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime(2026, 11, 21, 3, 45, 12, 999999, UTC)

    monkeypatch.setattr(_creation, "datetime", Frozen)
    runs = [create(tmp_path) for _ in range(3)]
    # One microsecond after 0.999999 s (30 * 32**3 + 16 * 32**2 + 17 * 32 + 31) is the next second.
    assert 30 * 32**3 + 16 * 32**2 + 17 * 32 + 31 == 999999
    assert [run.run_id for run in runs] == [
        "20261121-034512-yghz",
        "20261121-034513-0000",
        "20261121-034513-0001",
    ]
    for run in runs:
        run.release()


def test_processes_that_start_at_once_get_runs_of_their_own(tmp_path: Path) -> None:
    script = (
        "sys.stdin.readline()\nfor i in range(10): create().finish('finished', epochs=1, steps=1)"
    )
    processes = [start(script, tmp_path) for _ in range(3)]
    for process in processes:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        process.communicate()
        assert process.returncode == 0
    names = sorted(os.listdir(tmp_path / "trial"))
    assert len(names) == 30
    assert sorted(row["run_id"] for row in runs_csv.read(tmp_path)) == names


def test_the_outcome(tmp_path: Path) -> None:
    run = create(tmp_path)
    (run.directory / "checkpoints").mkdir()
    (run.directory / "checkpoints" / "best.pt").write_bytes(b"weights")
    before = (run.directory / "record.json").read_bytes()
    best = {
        "epoch": 2,
        "step": 9,
        "monitor": "val_loss",
        "value": 0.5,
        "metrics": {"val_loss": 0.5},
    }
    scores = {"test_accuracy": 0.9, "test_loss": float("nan")}
    run.finish("finished", best=best, test=scores, epochs=3, steps=12)

    outcome = json.loads((run.directory / "outcome.json").read_text())
    ended = datetime.fromisoformat(outcome.pop("ended"))
    started = datetime.fromisoformat(outcome["started"])
    assert abs((ended - started).total_seconds() - outcome.pop("duration")) < 1.0
    assert outcome.pop("peak_memory").keys() == {"resident", "device"}
    assert {"files", "seal"} < outcome.keys()  # see test_seal.py
    assert {k: v for k, v in outcome.items() if k not in ("files", "seal")} == {
        "schema": SCHEMA,
        "run_id": run.run_id,
        "status": "finished",
        "error": None,
        "started": run.record["created"],
        "epochs": 3,
        "steps": 12,
        "best": best,
        "test": {"test_accuracy": 0.9, "test_loss": "nan"},
        "checkpoints": {"best.pt": "blake3:" + blake3(b"weights").hexdigest()},
        "weights": {},
        "sources": {},
        "plugs": {},
        "record": "blake3:" + blake3(before).hexdigest(),
    }
    assert (run.directory / "record.json").read_bytes() == before
    assert status(run.directory) == "finished"
    (row,) = runs_csv.read(tmp_path)
    assert row["status"] == "finished" and row["learning_rate"] == "0.1"
    assert row["best_val_loss"] == "0.5" and row["test_accuracy"] == "0.9"
    assert row["test_loss"] == "nan"


def test_states_of_runs_in_other_processes(tmp_path: Path) -> None:
    process = start("run = create()\nprint(run.directory, flush=True)\nsys.stdin.read()", tmp_path)
    assert process.stdout
    directory = Path(process.stdout.readline().strip())
    assert status(directory) == "running"
    with pytest.raises(ValueError, match=f"run {directory.name} is still running"):
        Run.reopen(directory)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert status(directory) == "lost"
    create(tmp_path).finish("failed", error="no luck", epochs=0, steps=0)
    assert [row["status"] for row in runs_csv.read(tmp_path)] == ["lost", "failed"]


def test_a_forked_worker_that_outlives_a_killed_run_does_not_keep_it_alive(tmp_path: Path) -> None:
    worker = start(
        "run = create()\n"
        "if os.fork() == 0:\n"  # as a DataLoader starts its workers
        "    assert status(run.directory) == 'running', 'closing the copy must not release it'\n"
        "    print(run.directory, flush=True)\n"
        "    os.kill(os.getppid(), 9)\n"
        "    sys.stdin.read()\n"
        "    os._exit(0)\n"
        "sys.stdin.read()\n",
        tmp_path,
    )
    assert worker.stdout
    directory = Path(worker.stdout.readline().strip())
    worker.wait()
    assert worker.returncode == -signal.SIGKILL
    assert status(directory) == "lost"
    worker.communicate()


def test_a_resumed_run_sets_its_outcome_aside(tmp_path: Path) -> None:
    run = create(tmp_path)
    run.finish("interrupted", error="interrupted by SIGINT", epochs=1, steps=3)
    first = json.loads((run.directory / "outcome.json").read_text())
    first["duration"] = 1000.0
    (run.directory / "outcome.json").write_text(json.dumps(first))
    record = (run.directory / "record.json").read_bytes()

    again = Run.reopen(run.directory)
    assert again.record == run.record and status(run.directory) == "running"
    assert runs_csv.read(tmp_path)[0]["status"] == "running"
    again.release()
    assert status(run.directory) == "interrupted", "nothing was done, so the outcome holds again"

    again = Run.reopen(run.directory)
    again._lock.release()  # as if killed
    assert status(run.directory) == "lost"

    again = Run.reopen(run.directory)
    again.finish("finished", epochs=2, steps=6)
    outcome = json.loads((run.directory / "outcome.json").read_text())
    assert outcome["status"] == "finished" and outcome["steps"] == 6
    assert outcome["started"] == first["started"]
    assert 1000.0 < outcome["duration"] < 1100.0
    assert not (run.directory / "outcome.previous.json").exists()
    assert (run.directory / "record.json").read_bytes() == record
    assert len(runs_csv.read(tmp_path)) == 1


def test_what_cannot_be_reopened(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is no run: it has no record.json"):
        Run.reopen(tmp_path)
    run = create(tmp_path)
    run.finish("finished", epochs=1, steps=1)
    (tmp_path / "runs.csv").write_text("nonsense")
    with pytest.raises(ValueError, match="runs.csv is damaged"):
        Run.reopen(run.directory)
    assert status(run.directory) == "finished"
    newer = json.dumps(run.record | {"schema": 99})
    (run.directory / "record.json").write_text(newer)
    with pytest.raises(ValueError, match="newer version"):
        Run.reopen(run.directory)
    (run.directory / "record.json").write_text("[]")
    with pytest.raises(ValueError, match="record.json is damaged: it is no object"):
        Run.reopen(run.directory)
    (run.directory / "outcome.json").write_text("[]")
    with pytest.raises(ValueError, match="outcome.json is damaged: it lacks 'status'"):
        status(run.directory)


@pytest.mark.parametrize("calls", range(8))
@pytest.mark.parametrize("others", [False, True])
def test_a_full_disk_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, calls: int, others: bool
) -> None:
    exp_dir = tmp_path / "new" / "exps"
    if others:
        create(exp_dir).finish("finished", epochs=1, steps=1)
    before = sorted(tmp_path.rglob("*"))
    csv = (exp_dir / "runs.csv").read_bytes() if others else None
    real, left = os.fsync, [calls]

    def full(handle: int) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(handle)

    monkeypatch.setattr(os, "fsync", full)
    # Three files sync themselves and their folder, then the experiment's folder and runs.csv do.
    with pytest.raises(OSError, match="No space left"):
        create(exp_dir)
    assert sorted(tmp_path.rglob("*")) == before
    assert not others or (exp_dir / "runs.csv").read_bytes() == csv


def test_a_damaged_list_of_runs_is_told_before_training(tmp_path: Path) -> None:
    (tmp_path / "runs.csv").write_text("nonsense\n")
    with pytest.raises(ValueError, match="runs.csv is damaged"):
        create(tmp_path)
    assert sorted(os.listdir(tmp_path)) == [".runs.csv.lock", "runs.csv"]


def test_a_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "exps").write_text("a file")
    with pytest.raises(OSError) as caught:
        create(tmp_path / "exps")
    assert str(tmp_path / "exps") in str(caught.value.filename)
    assert os.listdir(tmp_path) == ["exps"]


def test_a_name_with_a_secret_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="--exp-name holds a secret"):
        Run.create(tmp_path, "secret-name", RECORD, patch=None, requirements="")
    assert os.listdir(tmp_path) == []


def test_no_secret_is_in_any_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token in the environment, in a flag, in the remote URL and in the code."""
    secret = "q7Zw/" "93kd+PLm2"
    monkeypatch.setenv("NEPTUNE_API_TOKEN", secret)
    monkeypatch.setenv("PYTHONPATH", f"/opt/{secret}")
    monkeypatch.setenv("HOME", str(tmp_path))
    repo = tmp_path / "repo"
    for command in (
        ["init", "-q", str(repo)],
        ["-C", str(repo), "remote", "add", "origin", f"https://me:{secret}@host/r"],
    ):
        subprocess.run(["git", *command], check=True)
    (repo / "main.py").write_text(f"key = '{secret}'\n")
    redactor = Redactor()
    flags = {"exp_name": "trial", "description": secret, "tags": [f"token={secret}"], "seed": 0}
    argv = ["--description", secret, "--tags", f"token={secret}"]
    code = code_state(repo, redactor)
    start = {"generators": {}, "weights": None}
    more = {"task": {}, "scores": {}, "sources": {}}
    record = make_record(
        flags, argv, code, {"hash": "x"}, {}, environment(), start, redactor, **more
    )
    run = Run.create(
        tmp_path / "exps", "trial", record, patch=code.patch, requirements=lock_text(redactor)
    )
    run.finish("failed", error=f"cannot reach https://me:{secret}@host", epochs=0, steps=0)
    written = [path for path in (tmp_path / "exps").rglob("*") if path.is_file()]
    assert {path.name for path in written} >= {"record.json", "outcome.json", "code.patch"}
    for path in written:
        content = path.read_bytes()
        assert b"q7Zw" not in content and b"93kd" not in content, path
