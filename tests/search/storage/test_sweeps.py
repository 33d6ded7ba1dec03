"""Sweeps of a storage: what each is stays, how far it goes grows, and facts about it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from project.search.storage import Storage, open_storage, tables
from project.search.values import COMPLETE, CONFIRM, TRIAL, Result, Trial

SPEC: dict[str, Any] = {"space": {"a": [0.1, 1]}, "rules": {"window": 2}, "trials": 40}


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    with open_storage(tmp_path / "made" / "sweeps.db", pytest.fail) as made:
        yield made


def test_a_sweep_is_what_it_began_as(storage: Storage) -> None:
    assert storage.spec("a") is None
    storage.create("a", SPEC)
    storage.create("a", {**SPEC, "trials": 60})  # another goal makes no other sweep
    storage.create("b", SPEC)
    assert storage.spec("a") == SPEC
    assert sorted(storage.names()) == ["a", "b"]
    assert storage.id("a") != storage.id("b")
    with pytest.raises(ValueError, match="another sweep 'a'.*\nrules.window: 2 -> 4$"):
        storage.create("a", {**SPEC, "rules": {"window": 4}})


def test_what_is_not_there_is_told_with_what_is(storage: Storage) -> None:
    storage.create("a", SPEC)
    with pytest.raises(ValueError, match="^no sweep 'b' in the storage; it has: a$"):
        storage.trials("b")


def test_goals_only_grow(storage: Storage) -> None:
    storage.create("a", SPEC)
    storage.set_goal("a", trials=60, retries={"40": 3})
    storage.set_goal("a", trials=50, confirm=5, retries={"40": 7, "41": 8})
    grown = {"trials": 60, "confirm": 5, "retries": {"40": 3, "41": 8}}
    assert storage.spec("a") == SPEC | grown


def test_facts_are_replaced(storage: Storage) -> None:
    storage.create("a", SPEC)
    assert storage.get("a", "verdict") is None
    for value in ({"better": [1, 2.5]}, "other"):
        storage.put("a", "verdict", value)
        assert storage.get("a", "verdict") == value


def test_a_job_is_planned_once_and_never_as_another(storage: Storage) -> None:
    storage.create("a", SPEC)
    assert storage.plan("a", TRIAL, 0, {"a": 0.1})
    assert not storage.plan("a", TRIAL, 0, {"a": 0.1})
    assert storage.plan("a", CONFIRM, 0, {"a": 0.1}, {"seed": 3})
    with pytest.raises(ValueError, match="trial 0 was planned with .*0.1.* would plan .*0.2"):
        storage.plan("a", TRIAL, 0, {"a": 0.2})
    # A person's retry came first: the sequence is what the storage has.
    assert storage.plan("a", TRIAL, 1, {"a": 0.5}, retry_of=0)
    assert not storage.plan("a", TRIAL, 1, {"a": 0.7})
    assert [trial.retry_of for trial in storage.trials("a")] == [None, 0]


def test_results_come_back_in_all_their_digits(storage: Storage) -> None:
    storage.create("a", SPEC)
    storage.plan("a", TRIAL, 0, {"rate": 1e-5 / 3, "name": "é\ud800", "on": True, "none": None})
    worker = storage.join("a", "here", 1)
    job = storage.claim("a", worker, 60)
    assert job is not None
    nan, inf = float("nan"), float("inf")
    result = Result(COMPLETE, (0.1 + 0.2, inf), {"parameters": 5.0}, {1: nan, 12: 0.5}, "why\0")
    storage.finish(job.token, result)
    (trial,) = storage.trials("a")
    expected = Trial(
        0,
        {"rate": 1e-5 / 3, "name": "é\ud800", "on": True, "none": None},
        COMPLETE,
        (0.30000000000000004, inf),
        {"parameters": 5.0},
        {1: nan, 12: 0.5},
        "why\0",
    )
    assert repr(trial) == repr(expected)  # NaN is not itself


def test_the_time_that_jobs_took_counts_once_where_they_overlap(storage: Storage) -> None:
    storage.create("a", SPEC)
    assert storage.busy("a") == 0.0
    # 0 to 10 and 5 to 12 are 12 seconds, within them 6 to 7; 20 to 23 are 3 more; one still runs.
    times = [(0.0, 10.0), (5.0, 12.0), (6.0, 7.0), (20.0, 23.0), (30.0, None)]
    for number, (started, ended) in enumerate(times):
        storage.plan("a", TRIAL, number, {})
        what = tables.jobs.update().where(tables.jobs.c.number == number)
        with sa.create_engine(f"sqlite:///{storage.shown}").begin() as connection:
            connection.execute(what.values(started=started, ended=ended))
    assert storage.busy("a") == 15.0


def test_trials_are_all_there_whatever_was_read_before(storage: Storage) -> None:
    """Those that ended are read once; a second process reads what this one has in mind."""
    storage.create("a", SPEC)
    worker = storage.join("a", "here", 1)
    for number in range(4):
        storage.plan("a", TRIAL, number, {"n": number})
    jobs = [storage.claim("a", worker, 60) for _ in range(4)]
    for number in (2, 0, 1):
        job = jobs[number]
        assert job is not None and storage.finish(job.token, Result(COMPLETE, (number,)))
        with open_storage(storage.shown, pytest.fail) as fresh:
            assert storage.trials("a") == fresh.trials("a")
    assert [trial.scores for trial in storage.trials("a")] == [(0,), (1,), (2,), ()]


@pytest.mark.parametrize(
    "place, told",
    [
        ("mysql://u:" "s3c" "@h/x", "a storage of 'mysql'"),
        ("postgresql://u:" "s3c" "@h:port/x", "can't be read"),
        ("postgresql://u:" "s3c" "@127.0.0.1:1/x", r"postgresql://u:" r"\*\*\*@127.0.0.1:1/x: "),
        ("sqlite://", "is a file"),
        (".", "is a folder"),
        (__file__, "file is not a database"),
        (f"{__file__}/sweeps.db", "exists|Not a directory"),
    ],
)
def test_what_is_no_storage_is_refused_in_a_line(place: str, told: str) -> None:
    with pytest.raises((ValueError, OSError), match=told) as refused:
        open_storage(place, pytest.fail, patience=0)
    assert "s3c" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_tables_of_another_version_are_refused(storage: Storage) -> None:
    with sa.create_engine(f"sqlite:///{storage.shown}").begin() as connection:
        connection.execute(sa.text("UPDATE sweep_storage SET version = 99"))
    with pytest.raises(ValueError, match="version 99 of the tables of sweeps, this project"):
        open_storage(storage.shown, pytest.fail)


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    with sa.create_engine(f"sqlite:///{path}").begin() as connection:
        connection.execute(sa.text("CREATE TABLE alembic_version (version_num TEXT)"))
    with pytest.raises(ValueError, match="another program's"):
        open_storage(path, pytest.fail)
    with sa.create_engine(f"sqlite:///{path}").connect() as connection:
        assert sa.inspect(connection).get_table_names() == ["alembic_version"]


def test_specs_are_plain_json_to_whoever_looks(storage: Storage) -> None:
    storage.create("a", SPEC)
    with sa.create_engine(f"sqlite:///{storage.shown}").connect() as connection:
        spec = connection.execute(sa.text("SELECT spec FROM sweeps")).scalar_one()
    assert json.loads(spec) == {"space": {"a": [0.1, 1]}, "rules": {"window": 2}}
