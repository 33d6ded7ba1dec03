"""The schema: documented, checked when a run is read, and older ones brought up to date."""

import json
from pathlib import Path
from typing import Any

import pytest

from project.provenance import schema
from project.provenance._layout import Layout, markdown
from project.provenance.record import read_outcome, read_record
from project.provenance.run import Run
from project.provenance.schema import LAYOUTS, OUTCOME, RECORD, SCHEMA
from project.scores import FORMER, FORMER_TASK
from tests.provenance import records

# As version 1 wrote it; it knew no `start` and no `code.folder`.
OLD: dict[str, Any] = {
    "schema": 1,
    "run_id": "20261120-120000-0000",
    "exp_name": "trial",
    "created": "2026-11-20T12:00:00.000+00:00",
    "command": "python -m project.run",
    "flags": {"seed": 0},
    "description": "",
    "tags": [],
    "seed": 0,
    "code": {
        **dict.fromkeys(("sha", "branch", "remote", "dirty", "patch", "patch_blake3", "note")),
        "source_blake3": "00",
    },
    "data": {"name": "digits", "classes": [], "counts": {}, "hash": "blake3:00", "hashes": {}},
    "model": {"name": "cnn", "n_parameters": 1, "n_trainable": 1},
    "environment": {"torch": None, "variables": {}, "packages": {}},
    "host": "box",
    "user": "ada",
}


def write(folder: Path, value: Any, name: str = "record.json") -> Path:
    (folder / name).write_text(json.dumps(value))
    return folder


def test_the_documentation_is_the_schema() -> None:
    text = Path(schema.__file__).with_name("RECORD.md").read_text()
    assert text == markdown(SCHEMA, LAYOUTS), "run: python -m project.provenance.schema"


def test_the_smallest_record_of_the_tests_is_one(tmp_path: Path) -> None:
    run = Run.create(tmp_path, "trial", records.RECORD, patch=None, requirements="")
    run.finish("finished", epochs=1, steps=1)
    assert read_record(run.directory) == run.record
    assert RECORD.unknown(run.record) == []
    outcome = read_outcome(run.directory)
    assert outcome is not None and outcome["status"] == "finished"
    assert OUTCOME.unknown(outcome) == []


def test_an_older_record_is_brought_up_to_date(tmp_path: Path) -> None:
    assert read_record(write(tmp_path, OLD)) == {
        **OLD,
        "start": {"generators": {}, "weights": None},
        "code": {**OLD["code"], "folder": ".", "not_recorded": [], "unrecorded": {}, "plugs": {}},
        "data": {**OLD["data"], "leaks": None, "kind": "labels", "dtype": "uint8", "sizes": None},
        "manifest_blake3": None,
        "scores": FORMER,
        "sources": {},
        "task": FORMER_TASK,
    }


def test_a_newer_one_is_refused(tmp_path: Path) -> None:
    for name, read in (("record.json", read_record), ("outcome.json", read_outcome)):
        write(tmp_path, {"schema": SCHEMA + 1}, name)
        with pytest.raises(ValueError, match=f"{name} was written by a newer version") as caught:
            read(tmp_path)
        assert "\n" not in str(caught.value)


WRONG = [
    ({"flags": 3}, "'flags' is 3, not object"),
    ({"tags": ["a", 1]}, "'tags' is ['a', 1], not texts"),
    ({"seed": True}, "'seed' is True, not integer"),
    ({"schema": "2"}, "'schema' is '2', no version"),
    ({"code": {**OLD["code"], "sha": 1}}, "'code.sha' is 1, not text or null"),
    ({"code": {"sha": None}}, "it lacks 'code.remote'"),
    ({"data": {**OLD["data"], "counts": {"val": {"total": "many"}}}}, "'data.counts.val.total' is"),
    ({"environment": {**OLD["environment"], "packages": {"a": None}}}, "'environment.packages.a'"),
    (
        {"host": "x" * 100, "user": list("x" * 100)},
        "'user' is ['x', 'x', 'x', 'x', 'x', 'x', 'x', '...",
    ),
]


@pytest.mark.parametrize("changed, message", WRONG)
def test_a_damaged_record_is_one_line_that_names_the_key(
    tmp_path: Path, changed: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError) as caught:
        read_record(write(tmp_path, OLD | changed))
    line = str(caught.value)
    assert line.startswith(f"{tmp_path}/record.json is damaged: {message}")
    assert "\n" not in line and len(line) < len(str(tmp_path)) + 150


@pytest.mark.parametrize("key", sorted(OLD.keys() - {"schema"}))
def test_what_is_needed_is_missed(tmp_path: Path, key: str) -> None:
    write(tmp_path, {k: v for k, v in OLD.items() if k != key})
    optional = {"command", "description", "seed", "model", "host", "user"}
    if key in optional:
        read_record(tmp_path)
    else:
        with pytest.raises(ValueError, match=f"record.json is damaged: it lacks '{key}'"):
            read_record(tmp_path)
        # To show a run takes less.
        read_record(tmp_path, whole=False)


def test_numbers_that_json_lacks_are_texts() -> None:
    layout = Layout({"a": ("number", ""), "b": ("numbers", "")}, needed=())
    assert layout.fault({"a": "nan", "b": [1, 2.5, "-inf"]}) is None
    assert layout.fault({"a": "many"}) == "'a' is 'many', not number"
    assert layout.fault({"b": ["many"]}) == "'b' is ['many'], not numbers"
    assert layout.fault([]) == "it is no object"
