"""`runs.csv`: one row for each run, new keys as columns, and never a lost row."""

import csv
import errno
import os
from pathlib import Path

import pytest

from project.provenance.runs_csv import make_row, read, update

RECORD = {
    "run_id": "20261121-034512-7h3k",
    "exp_name": "trial",
    "created": "2026-11-21T03:45:12.000+00:00",
    "code": {"sha": "ab" * 20, "dirty": True},
    "data": {"hash": "blake3:00"},
    "flags": {"exp_name": "trial", "data": "digits", "tags": ["a", "b"], "devices": None},
}


def test_a_row_has_identity_flags_and_scalar_scores() -> None:
    outcome = {
        "duration": 12.5,
        "best": {
            "epoch": 3,
            "step": 90,
            "monitor": "val_loss",
            "value": 0.25,
            "metrics": {"val_loss": 0.25, "val_recall/cat": 0.5, "val_matrix": [[1]]},
        },
        "test": {"test_accuracy": 0.75, "loss": "nan", "test_recall/cat": 1.0},
    }
    row = make_row(RECORD, outcome, "finished")
    assert row == {
        "run_id": "20261121-034512-7h3k",
        "exp_name": "trial",
        "status": "finished",
        "created": "2026-11-21T03:45:12.000+00:00",
        "duration": 12.5,
        "sha": "ab" * 20,
        "dirty": True,
        "data_hash": "blake3:00",
        "data": "digits",
        "tags": ["a", "b"],
        "devices": None,
        "best_epoch": 3,
        "best_step": 90,
        "best_val_loss": 0.25,
        "test_accuracy": 0.75,
        "test_loss": "nan",
    }
    running = make_row(RECORD, None, "running")
    assert running["duration"] is None and not [k for k in running if k.startswith("best_")]


def test_rows_are_added_and_replaced_and_new_keys_become_columns(tmp_path: Path) -> None:
    update(tmp_path, {"run_id": "a", "ok": True, "tags": ["x", "y"], "none": None})
    update(tmp_path, {"run_id": "b", "score": 0.1, "text": 'two\nlines, "quoted"'})
    update(tmp_path, {"run_id": "a", "ok": False})
    assert (tmp_path / "runs.csv").read_text() == (
        "run_id,ok,tags,none,score,text\n"
        'a,false,"x,y",,,\n'
        'b,,,,0.1,"two\nlines, ""quoted"""\n'
    )
    with (tmp_path / "runs.csv").open(newline="") as file:
        assert list(csv.DictReader(file)) == read(tmp_path)
    assert sorted(os.listdir(tmp_path)) == [".runs.csv.lock", "runs.csv"]


def test_what_a_person_added_in_a_spreadsheet_stays(tmp_path: Path) -> None:
    (tmp_path / "runs.csv").write_bytes(
        b"\xef\xbb\xbfrun_id,my notes,score\r\na,good,1\r\n\r\nb,bad,2\r\n"
    )
    update(tmp_path, {"run_id": "a", "score": 3})
    update(tmp_path, {"run_id": "c", "score": 4})
    assert (tmp_path / "runs.csv").read_text() == (
        "run_id,my notes,score\na,good,3\nb,bad,2\nc,,4\n"
    )


def test_other_rows_can_be_revised(tmp_path: Path) -> None:
    for run_id in "abc":
        update(tmp_path, {"run_id": run_id, "status": "running"})
    update(tmp_path, {"run_id": "b", "status": "x"}, lambda row: row.update(status="lost"))
    assert [row["status"] for row in read(tmp_path)] == ["lost", "x", "lost"]


def test_an_empty_file_is_a_new_one(tmp_path: Path) -> None:
    (tmp_path / "runs.csv").touch()
    update(tmp_path, {"run_id": "a"})
    assert read(tmp_path) == [{"run_id": "a"}]


@pytest.mark.parametrize(
    "content, fault",
    [
        (b"run_id;score\na;1\n", "its first line names no column 'run_id'"),
        (b"score\n1\n", "its first line names no column 'run_id'"),
        (b"run_id,score,score\na,1,2\n", "two columns have the same name"),
        (b"run_id,score\na,1\nb\n", "row 3 has 1 values for 2 columns"),
        (b"run_id,score\na,1,2\n", "row 2 has 3 values for 2 columns"),
        (b'run_id,score\na,"1\n', "unexpected end of data"),
        (b"run_id,score\na,\xff\n", "it is not UTF-8"),
    ],
)
def test_a_damaged_file_is_named_and_stays(tmp_path: Path, content: bytes, fault: str) -> None:
    path = tmp_path / "runs.csv"
    path.write_bytes(content)
    with pytest.raises(ValueError) as caught:
        update(tmp_path, {"run_id": "c"})
    message = str(caught.value)
    assert message.startswith(f"{path} is damaged: ") and fault in message and "mend it" in message
    assert "\n" not in message
    assert path.read_bytes() == content


def test_a_full_disk_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    update(tmp_path, {"run_id": "a"})

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        update(tmp_path, {"run_id": "b"})
    assert (tmp_path / "runs.csv").read_text() == "run_id\na\n"
    assert sorted(os.listdir(tmp_path)) == [".runs.csv.lock", "runs.csv"]
