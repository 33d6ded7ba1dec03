"""Any sequence of claims, ends, deaths and late returns, beside a model of who holds what."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from project.search.storage import Storage, open_storage
from project.search.values import COMPLETE, RUNNING, TRIAL, WAITING, Result

N_JOBS, N_WORKERS = 3, 2
LONG, OVER = 600.0, -1.0  # seconds of a lease; the other was over before it began
WORKER = st.integers(0, N_WORKERS - 1)
# Of all tokens ever given, the how manieth from the end.
TOKEN = st.integers(0, 3)
ACTIONS = st.one_of(
    st.tuples(st.just("claim"), WORKER, st.booleans()),
    st.tuples(st.just("beat"), WORKER, st.booleans()),
    st.tuples(st.just("presume_dead"), WORKER),
    st.tuples(st.just("leave"), WORKER),
    st.tuples(st.just("finish"), TOKEN),
    st.tuples(st.just("begun"), TOKEN),
    st.tuples(st.just("release"), TOKEN, st.booleans()),
)


@dataclass
class Row:
    """What the model knows of a job."""

    state: str = WAITING
    worker: int | None = None
    late: bool = False
    token: str | None = None
    attempt: int = 0
    run: str | None = None

    def give_back(self, died: bool) -> None:
        self.state, self.worker, self.token, self.late = WAITING, None, None, False
        self.attempt -= not died


class Model:
    """A storage, and what it must do."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self.rows = [Row() for _ in range(N_JOBS)]
        self.tokens: list[str] = []
        storage.create("a", {})
        for number in range(N_JOBS):
            storage.plan("a", TRIAL, number, {})
        self.workers = [storage.join("a", "here", pid) for pid in range(N_WORKERS)]

    def claim(self, worker: int, late: bool) -> None:
        job = self.storage.claim("a", self.workers[worker], OVER if late else LONG)
        free = [
            number
            for number, row in enumerate(self.rows)
            if row.state == WAITING or (row.state == RUNNING and row.late and row.worker != worker)
        ]
        assert (job.number if job else None) == (free[0] if free else None)
        if job:
            row = self.rows[job.number]
            row.state, row.worker, row.late, row.token = RUNNING, worker, late, job.token
            row.attempt += 1
            assert (job.attempt, job.run) == (row.attempt, row.run)
            assert job.token not in self.tokens
            self.tokens.append(job.token)

    def beat(self, worker: int, late: bool) -> None:
        mine = [row for row in self.rows if (row.state, row.worker) == (RUNNING, worker)]
        for row in mine:
            row.late = late
        still = self.storage.beat(self.workers[worker], OVER if late else LONG)
        assert still == {row.token for row in mine}

    def presume_dead(self, worker: int, died: bool = True) -> None:
        for row in self.rows:
            if (row.state, row.worker) == (RUNNING, worker):
                row.give_back(died)
        (self.storage.presume_dead if died else self.storage.leave)(self.workers[worker])

    def leave(self, worker: int) -> None:
        self.presume_dead(worker, died=False)

    def finish(self, back: int) -> None:
        if token := self._token(back):
            row = self._held(token)
            known = any(each.token == token for each in self.rows)  # or it has ended it before
            told = self.storage.finish(token, Result(COMPLETE, reason=token))
            assert told == known
            if row:
                row.state = COMPLETE

    def begun(self, back: int) -> None:
        if token := self._token(back):
            row = self._held(token)
            assert self.storage.begun(token, f"run of {token}") == (row is not None)
            if row:
                row.run = f"run of {token}"

    def release(self, back: int, died: bool) -> None:
        if token := self._token(back):
            if row := self._held(token):
                row.give_back(died)
            self.storage.release(token, died=died)

    def check(self) -> None:
        trials = self.storage.trials("a")
        assert [trial.state for trial in trials] == [row.state for row in self.rows]
        assert [trial.run for trial in trials] == [row.run for row in self.rows]
        ended = [(t.reason, row.token) for t, row in zip(trials, self.rows) if t.reason]
        assert all(told == held for told, held in ended)

    def _token(self, back: int) -> str | None:
        return self.tokens[-1 - back] if back < len(self.tokens) else None

    def _held(self, token: str) -> Row | None:
        held = (r for r in self.rows if (r.state, r.token) == (RUNNING, token))
        return next(held, None)


@settings(max_examples=25)
@given(st.lists(ACTIONS, min_size=5, max_size=30))
def test_a_job_is_whose_token_it_has(actions: list[tuple]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        with open_storage(Path(folder) / "sweeps.db", pytest.fail) as storage:
            model = Model(storage)
            for name, *what in actions:
                getattr(model, name)(*what)
                model.check()
