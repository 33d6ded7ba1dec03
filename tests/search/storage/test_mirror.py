"""Optuna's own tables have the trials that ended, in order, whoever dies: as Optuna reads them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import optuna
import pytest
import sqlalchemy as sa
from optuna.trial import TrialState

from project.search.space import Space, space_of
from project.search.storage import Storage, open_storage
from project.search.values import (
    COMPLETE,
    FAILED,
    PRUNED,
    TRIAL,
    Constraint,
    Objective,
    Result,
    Rules,
)
from tests.compat.postgres import binaries, server

NAN, INF = float("nan"), float("inf")
SPACE: Space = space_of([], ["learning_rate", "batch_size"], None)
RULES = Rules(
    *("tpe", "median", 0, 2, 1),
    (Objective("val_accuracy", "max"), Objective("val_loss", "min")),
    (Constraint("parameters", "<", 100.0),),
    3,
)
SPEC: dict[str, Any] = {"space": SPACE.to_json(), "rules": RULES.to_json()}
RESULTS = [
    Result(COMPLETE, (0.5, 1.25), {"parameters": 50.0}, {1: 0.25, 2: NAN}, run="r0", seconds=2.5),
    Result(PRUNED, (0.25,), {"parameters": 200.0}, {1: 0.25}, run="r1"),
    Result(FAILED, reason="out of memory", run="r2"),
    Result(COMPLETE, (0.5, NAN), {"parameters": 50.0}),
    Result(COMPLETE, (0.75, 0.5), {"parameters": 100.0, "seconds": INF}),
]


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    with open_storage(tmp_path / "sweeps.db", pytest.fail) as made:
        yield made


def begin(storage: Storage, name: str = "a", n: int = len(RESULTS)) -> list[str]:
    """A sweep whose trials are all running; returns their tokens."""
    storage.create(name, SPEC)
    worker = storage.join(name, "here", 1)
    for number in range(n):
        storage.plan(name, TRIAL, number, {"learning_rate": 0.001 * (number + 1), "batch_size": 64})
    jobs = [storage.claim(name, worker, 600.0) for _ in range(n)]
    return [job.token for job in jobs if job is not None]


def end(storage: Storage, tokens: list[str], *numbers: int) -> None:
    for number in numbers:
        assert storage.finish(tokens[number], RESULTS[number])


def study(storage: Storage, name: str = "a") -> optuna.Study:
    """As anyone would open it."""
    return optuna.load_study(study_name=name, storage=f"sqlite:///{storage.shown}")


def numbers(storage: Storage) -> list[int]:
    return [trial.number for trial in study(storage).get_trials(deepcopy=False)]


def test_optuna_reads_all_that_it_has_names_for(storage: Storage) -> None:
    end(storage, begin(storage), *range(5))
    storage.mirror("a")
    found = study(storage)
    assert [way.name for way in found.directions] == ["MAXIMIZE", "MINIMIZE"]
    assert found.metric_names == ["val_accuracy", "val_loss"]
    trials = found.get_trials(deepcopy=False)
    states = [TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL, TrialState.FAIL]
    assert [trial.state for trial in trials] == [*states, TrialState.COMPLETE]
    assert [trial.values for trial in trials] == [[0.5, 1.25], None, None, None, [0.75, 0.5]]
    assert trials[2].params == {"learning_rate": 0.003, "batch_size": 64}
    assert repr(trials[0].intermediate_values) == "{1: 0.25, 2: nan}"
    assert trials[0].user_attrs == {
        "run": "r0",
        "seconds": 2.5,
        "cpu_seconds": 0.0,
        "parameters": 50.0,
    }
    assert trials[2].user_attrs["reason"] == "out of memory"
    assert trials[3].user_attrs["reason"] == "a score is no number"
    assert trials[4].user_attrs["seconds"] == 0.0  # of the trial, whatever a measure says
    # (50 - 100) / 100; (200 - 100) / 100; what is equal to a bound of < is beyond it.
    constraint = "parameters < 100"
    assert [trial.constraints.get(constraint) for trial in trials[:2]] == [-0.5, 1.0]
    assert trials[4].constraints[constraint] > 0
    for trial in trials:
        assert trial.datetime_complete >= trial.datetime_start


def test_trials_come_in_their_order_each_once(storage: Storage) -> None:
    tokens = begin(storage)
    storage.mirror("a")
    assert numbers(storage) == []
    end(storage, tokens, 1, 3)
    storage.mirror("a")
    assert numbers(storage) == []  # trial 0 is still running
    end(storage, tokens, 0)
    for _ in range(2):
        storage.mirror("a")
        assert numbers(storage) == [0, 1]
    end(storage, tokens, 2, 4)
    storage.mirror("a")
    assert numbers(storage) == [0, 1, 2, 3, 4]
    params = [trial.params["learning_rate"] for trial in study(storage).trials]
    assert params == [0.001 * (number + 1) for number in range(5)]


def test_whatever_statement_is_the_last_one_nothing_is_half_there(storage: Storage) -> None:
    tokens = begin(storage)
    end(storage, tokens, *range(5))
    begin(storage, "before")
    storage.mirror("before")  # so that there are tables to look at
    last, seen = [0], [0]

    def interrupt(*_: Any) -> None:
        seen[0] += 1
        if seen[0] == last[0]:
            raise KeyboardInterrupt

    n_interrupted = 0
    while True:
        seen[0], last[0] = 0, last[0] + 1
        sa.event.listen(sa.engine.Engine, "before_cursor_execute", interrupt)
        try:
            storage.mirror("a")
            break
        except KeyboardInterrupt:
            n_interrupted += 1
        finally:
            sa.event.remove(sa.engine.Engine, "before_cursor_execute", interrupt)
        assert "a" not in optuna.get_all_study_names(f"sqlite:///{storage.shown}")
    assert n_interrupted > 10
    assert numbers(storage) == [0, 1, 2, 3, 4]


def test_the_tables_are_those_that_optuna_makes(storage: Storage, tmp_path: Path) -> None:
    begin(storage)
    storage.mirror("a")
    address = f"sqlite:///{tmp_path / 'optunas.db'}"
    optunas = optuna.storages.RDBStorage(address)
    ours = optuna.storages.RDBStorage(f"sqlite:///{storage.shown}", skip_table_creation=True)
    assert ours.get_current_version() == optunas.get_current_version()
    engines = optunas.engine, ours.engine
    made, there = (set(sa.inspect(engine).get_table_names()) for engine in engines)
    assert {name for name in there if not name.startswith("sweep")} == made
    for each in engines:
        each.dispose()


def test_a_study_of_somebody_else_is_left_alone(storage: Storage) -> None:
    tokens = begin(storage)
    end(storage, tokens, 0)
    theirs = optuna.create_study(study_name="a", storage=f"sqlite:///{storage.shown}")
    theirs.add_trial(optuna.trial.create_trial(value=1.0))
    with pytest.raises(ValueError, match="has a study 'a' of Optuna's that is another's"):
        storage.mirror("a")
    assert [trial.value for trial in study(storage).trials] == [1.0]


def test_tables_of_another_optuna_are_left_alone(storage: Storage) -> None:
    tokens = begin(storage)
    storage.mirror("a")
    end(storage, tokens, 0)
    with sa.create_engine(f"sqlite:///{storage.shown}").begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = 'v3.0.0.a'"))
    with pytest.raises(ValueError, match="Optuna's tables of version v3.0.0.a, and Optuna 5"):
        storage.mirror("a")


@pytest.mark.nightly
@pytest.mark.skipif(binaries() is None, reason="PostgreSQL is not installed")
def test_many_may_write_at_once_on_postgresql() -> None:
    with server() as postgres, open_storage(postgres.uri, pytest.fail) as storage:
        tokens = begin(storage, n=40)
        for first in range(0, 40, 10):
            for number in range(first, first + 10):
                storage.finish(tokens[number], RESULTS[number % 5])
            with ThreadPoolExecutor(4) as pool:
                list(pool.map(lambda _: mirror_alone(postgres.uri), range(8)))
        found = optuna.load_study(study_name="a", storage=postgres.uri)
        assert [trial.number for trial in found.trials] == list(range(40))
        rates = [trial.params["learning_rate"] for trial in found.trials]
        assert rates == [0.001 * (number + 1) for number in range(40)]
        found._storage.remove_session()
        found._storage._backend.engine.dispose()


def mirror_alone(uri: str) -> None:
    """As another process would."""
    with open_storage(uri, pytest.fail) as storage:
        storage.mirror("a")
