"""Workers that die anywhere, are late and come back: each job ends once, by who holds it."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from project.search.storage import open_storage
from project.search.values import COMPLETE, TRIAL
from tests import forks
from tests.compat.postgres import binaries, server
from tests.search.storage.claiming import NAME


def carried_out(
    place: str, log: Path, n_jobs: int, n_workers: int, disturb: Callable[[], None] | None = None
) -> int:
    """Let workers do all jobs, each dead one being followed by another; how many have died."""
    with open_storage(place, lambda line: None) as storage:
        storage.create(NAME, {"trials": n_jobs})
        for number in range(n_jobs):
            storage.plan(NAME, TRIAL, number, {"n": number})
        code = ["-m", "tests.search.storage.claiming", place, log]
        workers = [forks.python([*code, str(seed)], os.environ) for seed in range(n_workers)]
        dead = 0
        while workers:
            worker = workers.pop(0)
            said, _ = worker.communicate()
            if worker.returncode == 0:
                continue
            assert worker.returncode == -9, said
            dead += 1
            if dead % 2:  # others wait for the end of its leases
                known = {each.pid: each.id for each in storage.workers(NAME)}
                if worker.pid in known:  # or it died before it joined
                    storage.presume_dead(known[worker.pid])
            if disturb and dead % 20 == 0:
                disturb()
            workers.append(forks.python([*code, str(n_workers + dead)], os.environ))
        trials = storage.trials(NAME)
    assert [trial.number for trial in trials] == list(range(n_jobs))
    assert {trial.state for trial in trials} == {COMPLETE}
    assert [trial.scores for trial in trials] == [(float(n),) for n in range(n_jobs)]
    # Whoever was told that its result counts was told the truth, and nobody else was.
    told = [line.split() for line in log.read_text().splitlines()]
    ended_by = {str(trial.number): trial.reason for trial in trials}
    assert all(ended_by[number] == token for number, token in told)
    # A worker may have died before it could note it.
    assert len(told) == len({number for number, _ in told}) <= n_jobs
    return dead


def test_each_job_ends_once_on_sqlite(tmp_path: Path) -> None:
    dead = carried_out(str(tmp_path / "sweeps.db"), tmp_path / "log", n_jobs=5, n_workers=2)
    assert dead > 0


@pytest.mark.nightly
def test_each_of_many_jobs_ends_once_on_sqlite(tmp_path: Path) -> None:
    assert carried_out(str(tmp_path / "sweeps.db"), tmp_path / "log", 150, 6) > 50


@pytest.mark.nightly
@pytest.mark.skipif(binaries() is None, reason="PostgreSQL is not installed")
def test_each_job_ends_once_on_a_postgresql_that_is_restarted(tmp_path: Path) -> None:
    with server() as postgres:

        def restart() -> None:
            postgres.stop()
            postgres.start()

        assert carried_out(postgres.uri, tmp_path / "log", 150, 6, restart) > 50
