"""The journal keeps each point once, whatever interrupts it, and the table says the same."""

import csv
import errno
import json
import math
import subprocess
import sys
from pathlib import Path
from threading import Event

import pytest

from project.tracking import journal as _journal
from project.tracking.journal import Journal, read

ROOT = Path(__file__).parents[2]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"


def log(path: Path, *points: tuple[dict[str, float], int]) -> None:
    journal = Journal(path)
    for metrics, step in points:
        journal.log(metrics, step=step, epoch=step // 10)
    journal.close()


def kept(path: Path) -> list[tuple[int, dict[str, float]]]:
    records, end = read(path)
    assert end == path.stat().st_size
    return [(record["step"], record["metrics"]) for record in records]


def table(path: Path) -> list[dict[str, str]]:
    with open(path.with_name("metrics.csv"), newline="") as file:
        return list(csv.DictReader(file))


def test_what_is_logged_is_on_disk_after_a_flush(path: Path) -> None:
    journal = Journal(path)
    journal.log({"train_loss": 0.1, "learning_rate": 1e-3}, step=1, epoch=0)
    journal.log({"val_loss": math.nan, "a": math.inf, "b": -math.inf}, step=12, epoch=1)
    journal.flush()
    records, _ = read(path)
    assert [(r["step"], r["epoch"]) for r in records] == [(1, 0), (12, 1)]
    assert records[0]["metrics"] == {"train_loss": 0.1, "learning_rate": 1e-3}
    assert math.isnan(records[1]["metrics"]["val_loss"])
    assert (records[1]["metrics"]["a"], records[1]["metrics"]["b"]) == (math.inf, -math.inf)
    # Any JSON reader takes each line.
    for line in path.read_text().splitlines():
        json.loads(line, parse_constant=pytest.fail)
    journal.close()
    journal.close()


def test_logged_metrics_may_change_afterwards(path: Path) -> None:
    journal, metrics = Journal(path), {"train_loss": 0.1}
    journal.log(metrics, step=1, epoch=0)
    metrics["train_loss"] = 0.9
    journal.close()
    assert kept(path) == [(1, {"train_loss": 0.1})]


def test_a_resumed_run_logs_no_point_twice(path: Path) -> None:
    log(path, ({"loss": 0.1}, 1), ({"loss": 0.2, "rate": 1.0}, 2), ({"loss": 0.3}, 3))
    # Resumed from a checkpoint at step 1. Of `rate` 3 is new, of `loss` only 4.
    log(path, ({"loss": 0.2, "rate": 1.0}, 2), ({"loss": 0.3, "rate": 2.0}, 3), ({"loss": 0.4}, 4))
    assert kept(path) == [
        (1, {"loss": 0.1}),
        (2, {"loss": 0.2, "rate": 1.0}),
        (3, {"loss": 0.3}),
        (3, {"rate": 2.0}),
        (4, {"loss": 0.4}),
    ]


@pytest.mark.parametrize("torn", [b"{", b'{"time":1,"step":2', b"\0" * 5000])
def test_a_torn_last_line_is_cut_off(path: Path, torn: bytes) -> None:
    log(path, ({"loss": 0.1}, 1))
    whole = path.stat().st_size
    with open(path, "ab") as file:
        file.write(torn)
    # Whoever reads meanwhile does not see it.
    assert read(path)[1] == whole
    log(path, ({"loss": 0.2}, 2))
    assert kept(path) == [(1, {"loss": 0.1}), (2, {"loss": 0.2})]


def test_a_damaged_line_is_named(path: Path) -> None:
    log(path, ({"loss": 0.1}, 1))
    size = path.stat().st_size
    with open(path, "ab") as file:
        file.write(b"[]\n")
    with pytest.raises(ValueError, match=f"journal.jsonl is damaged at byte {size}"):
        Journal(path)


def test_reading_goes_on_where_it_stopped(path: Path) -> None:
    log(path, *(({"loss": float(step)}, step) for step in range(1, 101)))
    offset, steps = 0, []
    while True:
        # A limit below a line's length still gives whole lines.
        records, after = read(path, offset, limit=40)
        if after == offset:
            break
        steps += [record["step"] for record in records]
        offset = after
    assert steps == list(range(1, 101))


def test_the_table_has_a_column_per_metric_and_a_row_per_record(path: Path) -> None:
    journal = Journal(path)
    journal.log({"loss": 0.5}, step=1, epoch=0)
    journal.flush()
    journal.log({"loss": 0.25, 'val/"a", b': math.nan}, step=2, epoch=1)
    journal.flush()
    rows = table(path)
    time = str(read(path)[0][0]["time"])
    assert list(rows[0]) == ["time", "step", "epoch", "loss", 'val/"a", b']
    assert list(rows[0].values()) == [time, "1", "0", "0.5", ""]
    assert list(rows[1].values())[1:] == ["2", "1", "0.25", "nan"]
    journal.close()


def test_the_table_is_made_anew_when_the_run_goes_on(path: Path) -> None:
    log(path, ({"loss": 0.5}, 1), ({"val": 0.75}, 2))
    path.with_name("metrics.csv").write_text("time,step,epoch,lo")
    log(path, ({"loss": 0.25, "test": 1.0}, 3))
    cells = [(row["step"], row["loss"], row["val"], row["test"]) for row in table(path)]
    assert cells == [("1", "0.5", "", ""), ("2", "", "0.75", ""), ("3", "0.25", "", "1.0")]
    assert sorted(p.name for p in path.parent.iterdir()) == ["journal.jsonl", "metrics.csv"]


def test_a_full_disk_is_an_error_in_training_and_loses_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal, write_all = Journal(path), _journal.write_all
    journal.log({"loss": 0.1}, step=1, epoch=0)
    journal.flush()

    def fill(handle: int, data: bytes) -> None:
        write_all(handle, data[: len(data) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(_journal, "write_all", fill)
    journal.log({"loss": 0.2}, step=2, epoch=0)
    with pytest.raises(OSError, match=r"No space left on device: .*journal\.jsonl"):
        journal.flush()
    assert kept(path) == [(1, {"loss": 0.1})]

    monkeypatch.setattr(_journal, "write_all", write_all)
    journal.log({"loss": 0.3}, step=3, epoch=0)
    journal.close()
    assert kept(path) == [(step, {"loss": loss}) for step, loss in [(1, 0.1), (2, 0.2), (3, 0.3)]]
    assert [row["loss"] for row in table(path)] == ["0.1", "0.2", "0.3"]


def test_an_error_of_the_writing_thread_reaches_the_next_log(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = Event()

    def fail(handle: int, data: bytes) -> None:
        failed.set()
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(_journal, "WRITE_SECONDS", 0.001)
    monkeypatch.setattr(_journal, "write_all", fail)
    journal = Journal(path)
    journal.log({"loss": 0.1}, step=0, epoch=0)
    assert failed.wait(60)
    with pytest.raises(OSError, match="Input/output error"):
        for step in range(1, 10**6):
            journal.log({"loss": 0.1}, step=step, epoch=0)
    monkeypatch.undo()
    journal.close()
    assert read(path)[0][0]["metrics"] == {"loss": 0.1}


def test_only_the_process_that_made_it_writes(path: Path) -> None:
    script = """
import os, sys
from pathlib import Path
from project.tracking.journal import Journal
journal = Journal(Path(sys.argv[1]))
journal.log({"loss": 0.1}, step=1, epoch=0)
child = os.fork()
if child == 0:
    journal.log({"loss": 0.2}, step=2, epoch=0)
    journal.flush()
    sys.exit()
os.waitpid(child, 0)
journal.log({"loss": 0.3}, step=3, epoch=0)
"""
    # Neither process closes it: what was logged is there after an exit in order.
    command = [sys.executable, "-W", "ignore", "-c", script, str(path)]
    subprocess.run(command, check=True, cwd=ROOT)
    assert kept(path) == [(1, {"loss": 0.1}), (3, {"loss": 0.3})]
