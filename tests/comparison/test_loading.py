"""What is read of a run's directory, whoever recorded it and in whatever state it is."""

import json
import math
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from project.comparison import describe
from project.comparison.importance import Choice
from project.comparison.loading import check_unchanged, load, load_all
from project.comparison.progress import curves
from project.comparison.screen import listing_lines
from project.comparison.showing import comparison_lines
from project.provenance.notes import change_tags, set_note
from tests.comparison.store import begin, edit, journal, make


def test_how_runs_stand(tmp_path: Path) -> None:
    for status in ("finished", "failed", "interrupted"):
        assert load(make(tmp_path, status=status)).status == status
    run = begin(tmp_path)
    assert load(run.directory).status == "running"
    run._lock.release()  # as the system does when a process is killed
    assert load(run.directory).status == "lost"


def test_scores_of_a_finished_run(tmp_path: Path) -> None:
    run = load(make(tmp_path, val={"val_loss": math.inf}, test={"test_loss": math.nan}))
    assert run.best["step"] == 20
    assert run.scores.pop("val_loss") == math.inf
    assert math.isnan(run.scores["test_loss"])


@pytest.mark.parametrize(
    "monitor, best", [("val_loss", 1), ("val_accuracy", 2), ("val_log_loss", None)]
)
def test_a_run_that_trains_tells_its_best_so_far(
    tmp_path: Path, monitor: str, best: int | None
) -> None:
    run = begin(tmp_path, monitor=monitor)
    scores = [
        {"val_loss": 0.7, "val_accuracy": 0.2},
        {"val_loss": 0.5, "val_accuracy": 0.3},
        {"val_loss": 0.6, "val_accuracy": 0.4},
        {"val_loss": "nan", "val_accuracy": "nan"},
    ]
    points = [(10 * i, i, {"train_loss": 1.0, **score}) for i, score in enumerate(scores)]
    journal(run.directory, (1, 0, {"train_loss": 2.0}), *points)
    with open(run.directory / "journal.jsonl", "a") as file:
        file.write('{"time": 1, "st')  # being written
    found = load(run.directory)
    if best is None:
        assert found.best == {"metrics": {}}
    else:
        assert found.best["epoch"] == best and found.best["step"] == 10 * best
        assert found.scores == scores[best]
    run.release()
    assert curves(run.directory)["train_loss"] == {
        "step": [1, 0, 10, 20, 30],
        "epoch": [0, 0, 1, 2, 3],
        "time": [1001.0, 1000.0, 1010.0, 1020.0, 1030.0],
        "value": [2.0, 1.0, 1.0, 1.0, 1.0],
    }


def test_tags_and_notes_of_later(tmp_path: Path) -> None:
    run = make(tmp_path)
    change_tags(run, ["good"], [])
    set_note(run, "the one")
    assert (load(run).tags, load(run).note) == (["small", "good"], "the one")


def test_an_older_record_is_read(tmp_path: Path) -> None:
    run = make(tmp_path)
    record = run / "record.json"
    record.chmod(0o644)
    record.write_text(json.dumps({"flags": {"seed": 3}, "code": None}))
    found = load(run)
    assert (found.run_id, found.record["code"]) == (run.name, {})


@pytest.mark.parametrize(
    "name, content, message",
    [
        ("record.json", b"{", "record.json is damaged: it is not JSON"),
        ("record.json", b"[]", "record.json is damaged: it is no object"),
        ("record.json", b'{"flags": 3}', "record.json is damaged: 'flags' is 3, not object"),
        ("record.json", b'{"schema": 99}', "was written by a newer version of this project"),
        ("record.json", b"\xff", "record.json is damaged: it is not JSON"),
        ("record.json", b"[" * 10**5, "is damaged"),
        ("outcome.json", b"", "outcome.json is damaged: it is not JSON"),
        ("outcome.json", b"{}", "outcome.json is damaged: it lacks 'status'"),
        (
            "outcome.json",
            b'{"status": "", "record": "", "duration": 1, "test": 1}',
            "'test' is 1, not object",
        ),
    ],
)
def test_of_damaged_runs_the_others_are_listed(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    whole, damaged = make(tmp_path), make(tmp_path)
    (damaged / name).chmod(0o644)
    (damaged / name).write_bytes(content)
    runs, problems = load_all(tmp_path)
    assert [run.directory for run in runs] == [whole]
    (line,) = problems
    assert message in line and str(damaged) in line and "\n" not in line


def test_the_newest_comes_first(tmp_path: Path) -> None:
    made = [make(tmp_path, exp_name=name) for name in ("b", "a", "c")]
    runs, _ = load_all(tmp_path)
    assert [run.directory for run in runs] == made[::-1]


def test_an_edited_record_is_refused(tmp_path: Path) -> None:
    run = make(tmp_path)
    check_unchanged(load(run))
    edit(run, "record.json", command="another")
    with pytest.raises(ValueError, match="record.json was changed after the run had written it"):
        check_unchanged(load(run))


@pytest.mark.parametrize("name", ["record.json", "outcome.json"])
def test_an_edited_run_is_marked_in_the_table(tmp_path: Path, name: str) -> None:
    runs = [make(tmp_path), make(tmp_path)]
    edit(runs[1], name, run_id=runs[1].name, error="another")
    found = [load(run) for run in runs]
    assert [run.changed for run in found] == [None, name]
    lines = [line.text for line in listing_lines(found, {}, datetime.now(UTC), None, Choice())]
    assert "finished  " in lines[1] and "finished, changed" in lines[2]
    with pytest.raises(ValueError, match=f"{name} was changed after the run had written it"):
        check_unchanged(found[1])


def test_an_edited_or_missing_patch_is_refused(tmp_path: Path) -> None:
    # Of the record alone the patch's hash is known.
    from blake3 import blake3

    code = {"patch": "code.patch", "patch_blake3": blake3(b"+ a line\n").hexdigest()}
    run = make(tmp_path, code=code, patch=b"+ a line\n")
    check_unchanged(load(run))
    (run / "code.patch").chmod(0o644)
    (run / "code.patch").write_bytes(b"+ a lime\n")
    with pytest.raises(ValueError, match="code.patch was changed"):
        check_unchanged(load(run))
    (run / "code.patch").unlink()
    with pytest.raises(ValueError, match="code.patch is missing"):
        check_unchanged(load(run))


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.just(10**400) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
_PLACES = [
    *("record.json schema", "record.json run_id", "record.json created", "record.json tags"),
    *("record.json flags", "record.json flags seed", "record.json flags monitor"),
    *("record.json flags tags", "record.json code sha", "record.json code patch"),
    *("record.json code patch_blake3", "record.json code note", "record.json data hash"),
    *("record.json data", "record.json environment", "record.json model n_parameters"),
    *("outcome.json status", "outcome.json best", "outcome.json best metrics"),
    *("outcome.json best monitor", "outcome.json test", "outcome.json duration"),
    *("outcome.json test test_accuracy", "outcome.json weights", "outcome.json record"),
]


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("runs")
    return [make(folder, seed=seed) for seed in (0, 1)]


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=60, deadline=None)
@given(place=st.sampled_from(_PLACES), value=anything)
def test_whatever_stands_in_a_file_is_shown_or_refused(
    two: list[Path], place: str, value: Any
) -> None:
    name, *keys = place.split()
    path = two[1] / name
    before = path.read_bytes()
    whole = part = json.loads(before)
    for key in keys[:-1]:
        part = part[key]
    part[keys[-1]] = value
    path.chmod(0o644)
    try:
        path.write_text(json.dumps(whole))
        runs = [load(run) for run in two]
        found = describe(runs, repository=Path(os.devnull).parent)
        for width in (None, 60):
            assert list(comparison_lines(found, width, all=True))
    except ValueError as error:
        assert len(str(error).splitlines()) == 1
    finally:
        path.write_bytes(before)
