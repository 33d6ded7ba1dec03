"""A worker that claims, ends, gives back, is late or dies at any statement, by a seeded chance.

python -m tests.search.storage.claiming STORAGE LOG SEED
"""

import os
import random
import signal
import sys
from typing import Any

import sqlalchemy as sa

from project.search.storage import Storage, open_storage
from project.search.values import COMPLETE, ENDED, Job, Result

NAME = "a"
LEASE = 0.05  # seconds: some are over before their job is
# A change, or a commit, in so many is the last one of its process.
DEADLY = 60


def main(place: str, log: str, seed: str) -> None:
    """Work until all jobs have ended, or death."""
    chance = random.Random(seed)

    def die(connection: Any, cursor: Any = None, statement: str = "", *_: Any) -> None:
        if not statement.startswith("SELECT") and chance.randrange(DEADLY) == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    # Amid transactions, before their commit, and after it.
    storage = open_storage(place, lambda line: None)
    for moment in ("before_cursor_execute", "after_cursor_execute", "commit"):
        sa.event.listen(sa.engine.Engine, moment, die)
    worker = storage.join(NAME, "here", os.getpid())
    jobs: list[Job] = []
    while any(trial.state not in ENDED for trial in storage.trials(NAME)):
        if (job := storage.claim(NAME, worker, LEASE)) is not None:
            jobs.append(job)
        if jobs:
            act(storage, worker, jobs, chance, log)


def act(storage: Storage, worker: str, jobs: list[Job], chance: random.Random, log: str) -> None:
    """Do one thing to one of the jobs, which may be another's by now."""
    job = jobs.pop(chance.randrange(len(jobs)))
    what = chance.choice(["finish", "finish", "begin", "release", "beat", "forget"])
    if what == "finish":
        if storage.finish(job.token, Result(COMPLETE, (float(job.number),), reason=job.token)):
            with open(log, "a") as file:  # one write: whole lines
                file.write(f"{job.number} {job.token}\n")
    elif what == "begin":
        storage.begun(job.token, f"run-{job.number}")
        jobs.append(job)
    elif what == "release":
        storage.release(job.token)
    elif what == "beat":
        storage.beat(worker, LEASE)
        jobs.append(job)


if __name__ == "__main__":
    main(*sys.argv[1:])
