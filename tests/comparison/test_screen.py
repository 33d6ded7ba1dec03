"""The table of runs at any width: what one looks for first is there, and the rest is named."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from project.comparison.importance import Choice, fold
from project.comparison.loading import KnownRun, load_all
from project.comparison.screen import listing_lines
from project.comparison.selecting import select
from project.provenance.find import find_run
from project.provenance.repetitions import tag
from project.provenance.short_ids import short_ids
from tests.comparison.store import begin, make

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def exp_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs of three experiments and two losses, a reproduction, failed ones of debug."""
    folder = tmp_path_factory.mktemp("screen")
    scores = {"val_log_loss": 0.25, "val_a_score_with_a_rather_long_name_of_its_own": 0.125}
    for seed in range(3):
        val = {**scores, "val_accuracy": 0.5 + seed / 8}
        first = make(folder, val, seed=seed, exp_name="baseline", loss="cross-entropy")
    make(folder, scores, exp_name="wide-\u4e2d", loss="focal", learning_rate=0.1, width=64)
    make(folder, scores, exp_name="baseline", seed=2, loss="cross-entropy", tags=[tag(first.name)])
    for _ in range(2):
        begin(folder, exp_name="debug").finish("failed", error="no", epochs=0, steps=0)
    return folder


@pytest.fixture(scope="module")
def runs(exp_dir: Path) -> list[KnownRun]:
    return load_all(exp_dir)[0]


def lines(
    exp_dir: Path, runs: list[KnownRun], width: int | None, choice: Choice = Choice()
) -> list[str]:
    shown = select(runs, NOW, sort=choice.sort)
    return [line.text for line in listing_lines(shown, short_ids(exp_dir), NOW, width, choice)]


KEYS = ("val_loss", "age", "exp_name", "learning_rate", "status", "run_id", "data_hash", None)
KEYS += ("val_a_score_with_a_rather_long_name_of_its_own",)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.integers(40, 250), st.sampled_from(KEYS), st.booleans(), st.booleans(), st.integers(1, 7))
def test_at_any_width_the_sort_key_and_the_id_are_there(
    exp_dir: Path, runs: list[KnownRun], width: int, key: str | None, all: bool, short: bool, n: int
) -> None:
    some = runs[-n:]
    found = lines(exp_dir, some, width, Choice(sort=key, all=all, shortly=short))
    assert all_fit(found, width)
    ids = short_ids(exp_dir)
    end = next(i for i, line in enumerate(found, 1) if "run" in line.split())
    for row, run in zip(found[end:], select(some, NOW, sort=key), strict=False):
        assert ids[run.run_id] in row.split()
        if key == "val_loss":
            assert row.split()[0] == "0.5" or run.status == "failed"
    if key not in (None, "run_id"):
        # Its name, in pieces where it is long, stands before the id's.
        column = found[end - 1].index("run")
        heads = [line[:column].strip() for line in found[:end]]
        assert "".join(heads).startswith(key[:8])


def all_fit(found: list[str], width: int) -> bool:
    return max(map(cell_len, found)) <= width


def test_what_has_no_room_is_named_and_what_all_have_is_said_once(
    exp_dir: Path, runs: list[KnownRun]
) -> None:
    finished = [run for run in runs if run.status == "finished"]
    found = lines(exp_dir, finished, 60)
    left = next(line for line in found if line.startswith("left out: "))
    wide = lines(exp_dir, finished, 250)
    assert not any(line.startswith("left out") for line in wide)
    assert left.split()[2].rstrip(",;") in wide[0]
    assert "all: status finished, model cnn, sha 0123456, data_hash 01234567" in wide
    why = "the loss differs (loss cross-entropy, focal)"
    assert f"val_loss: not compared, {why}; val_log_loss can be" in wide
    again = next(run for run in finished if tag("x")[:-1] in "".join(run.tags))
    original = next(t for t in again.tags if t.startswith(tag(""))).removeprefix(tag(""))
    ids = short_ids(exp_dir)
    assert any(line.startswith(f"{ids[again.run_id]} = {ids[original]}  ") for line in wide)


def test_a_pipe_gets_whole_ids_and_every_column(exp_dir: Path, runs: list[KnownRun]) -> None:
    header, *rows = lines(exp_dir, runs, None)
    assert {"run", "age", "status", "exp_name", "sha", "data_hash", "loss"} <= set(header.split())
    assert [row.split()[0] for row in rows[: len(runs)]] == [run.run_id for run in runs]


def test_columns_are_chosen(exp_dir: Path, runs: list[KnownRun]) -> None:
    found = lines(exp_dir, runs, 80, Choice(columns=("host", "sha", "run_id")))
    assert found[0].split() == ["run", "host", "sha"] and len(found) == len(runs) + 2
    with pytest.raises(ValueError, match="--columns 'hots' is no name of a value, did you mean"):
        lines(exp_dir, runs, 80, Choice(columns=("hots",)))


def test_failed_runs_of_debug_are_folded_into_a_line(runs: list[KnownRun]) -> None:
    kept, line = fold(runs, ["seed < 9"])
    assert {run.status for run in kept} == {"finished"}
    assert line == '2 failed runs of debug are not shown: --where "status == failed"'
    assert fold(runs, ["status == failed"]) == (runs, None)
    failed = [run for run in runs if run.status == "failed"]
    assert fold(failed, []) == (failed, None)
    assert str(fold([*kept, failed[0]], [])[1]).startswith("1 failed run of debug is not")


def test_a_short_id_is_what_commands_take(exp_dir: Path, tmp_path: Path) -> None:
    ids = short_ids(exp_dir)
    assert len(set(ids.values())) == len(ids) == 7
    for run_id, short in ids.items():
        assert find_run(exp_dir, short).name == run_id
    names = ["20261121-034512-7h3k", "20261121-034513-7h3k", "20261122-000000-2026"]
    for name in [*names, "20261122-000000-wide"]:
        (tmp_path / "wide" / name).mkdir(parents=True)
        (tmp_path / "wide" / name / "record.json").write_text("{}")
    expected = ["034512-7h3k", "034513-7h3k", "000000-2026", "000000-wide"]
    assert list(short_ids(tmp_path).values()) == expected
    for name, short in short_ids(tmp_path).items():
        assert find_run(tmp_path, short).name == name
    with pytest.raises(ValueError, match="may be any of 2 runs .wide/20261121-034513-7h3k, wide/"):
        find_run(tmp_path, "7h3k")
