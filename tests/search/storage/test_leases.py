"""Who holds which job: claims, leases that are over, and results that come too late."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from project.search.storage import Storage, open_storage, tables
from project.search.values import COMPLETE, CONFIRM, FAILED, TEST, TRIAL, WAITING, Job, Result

LONG, OVER = 600.0, -1.0  # seconds of a lease; the other was over before it began


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    with open_storage(tmp_path / "sweeps.db", pytest.fail) as made:
        made.create("a", {"trials": 3})
        yield made


@pytest.fixture
def workers(storage: Storage) -> tuple[str, str]:
    return storage.join("a", "here", 1), storage.join("a", "there", 2)


def claimed(storage: Storage, worker: str, seconds: float = LONG) -> Job:
    job = storage.claim("a", worker, seconds)
    assert job is not None
    return job


def test_jobs_are_given_in_their_order_each_to_one(
    storage: Storage, workers: tuple[str, str]
) -> None:
    for kind, number in [(TEST, 0), (TRIAL, 1), (CONFIRM, 0), (TRIAL, 0)]:
        storage.plan("a", kind, number, {"learning_rate": 0.1 + 0.2}, {"seed": 7})
    jobs = [claimed(storage, worker) for worker in workers * 2]
    given = [(job.kind, job.number) for job in jobs]
    assert given == [(TRIAL, 0), (TRIAL, 1), (CONFIRM, 0), (TEST, 0)]
    assert storage.claim("a", workers[0], LONG) is None
    assert (jobs[0].values, jobs[0].facts) == ({"learning_rate": 0.30000000000000004}, {"seed": 7})
    assert (jobs[0].attempt, jobs[0].run) == (1, None)


def test_a_lease_that_is_over_lets_another_go_on_with_the_run(
    storage: Storage, workers: tuple[str, str]
) -> None:
    storage.plan("a", TRIAL, 0, {})
    late = claimed(storage, workers[0], OVER)
    assert storage.begun(late.token, "its-run")
    taken = claimed(storage, workers[1])
    assert (taken.number, taken.attempt, taken.run) == (0, 2, "its-run")
    # The first one lives after all, and hears that it holds nothing.
    assert storage.beat(workers[0], LONG) == set()
    assert not storage.begun(late.token, "another")
    assert not storage.finish(late.token, Result(FAILED, reason="too late"))
    storage.release(late.token)
    assert storage.beat(workers[1], LONG) == {taken.token}
    assert storage.finish(taken.token, Result(COMPLETE, (0.5,)))
    (trial,) = storage.trials("a")
    assert (trial.state, trial.scores, trial.run) == (COMPLETE, (0.5,), "its-run")


def test_a_late_worker_that_nobody_has_relieved_keeps_its_job(
    storage: Storage, workers: tuple[str, str]
) -> None:
    storage.plan("a", TRIAL, 0, {})
    late = claimed(storage, workers[0], OVER)
    assert storage.claim("a", workers[0], LONG) is None  # no second time to itself
    assert storage.beat(workers[0], LONG) == {late.token}
    assert storage.claim("a", workers[1], LONG) is None
    assert storage.finish(late.token, Result(COMPLETE))


def test_a_result_told_twice_counts_once(storage: Storage, workers: tuple[str, str]) -> None:
    """As after a connection that broke amid the commit."""
    storage.plan("a", TRIAL, 0, {})
    job = claimed(storage, workers[0])
    assert storage.finish(job.token, Result(COMPLETE, (0.5,)))
    assert storage.finish(job.token, Result(COMPLETE, (0.5,)))
    assert len(storage.trials("a")) == 1


def test_what_the_dead_held_waits_again_and_counts_as_an_attempt(
    storage: Storage, workers: tuple[str, str]
) -> None:
    storage.plan("a", TRIAL, 0, {})
    storage.plan("a", TRIAL, 1, {})
    first, second = claimed(storage, workers[0]), claimed(storage, workers[0])
    storage.release(first.token)  # given back: no attempt has failed
    storage.presume_dead(workers[0])
    assert [trial.state for trial in storage.trials("a")] == [WAITING, WAITING]
    assert not storage.finish(second.token, Result(COMPLETE))
    assert [claimed(storage, workers[1]).attempt for _ in range(2)] == [1, 2]


def test_who_has_gone_and_asks_again_is_there(storage: Storage, workers: tuple[str, str]) -> None:
    storage.plan("a", TRIAL, 0, {})
    claimed(storage, workers[0])
    storage.leave(workers[0])
    assert [worker.id for worker in storage.workers("a") if worker.gone] == [workers[0]]
    assert claimed(storage, workers[0]).attempt == 1
    assert [worker.id for worker in storage.workers("a") if worker.gone] == []


def test_a_jobs_time_is_that_of_its_last_attempt(
    storage: Storage, workers: tuple[str, str]
) -> None:
    """A night between two attempts is none of it."""
    storage.plan("a", TRIAL, 0, {})
    storage.release(claimed(storage, workers[0]).token)
    started = sa.update(tables.jobs).values(started=0.0)  # in 1970
    with sa.create_engine(f"sqlite:///{storage.shown}").begin() as connection:
        connection.execute(started)
    assert storage.finish(claimed(storage, workers[1]).token, Result(COMPLETE))
    assert 0.0 <= storage.busy("a") < 1000.0
