"""Rows of jobs and what they say: JSON in exact digits, trials, jobs and results."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from project.search.values import ENDED, Job, Plain, Result, Trial


def to_text(value: Any) -> str:
    """Any JSON, with NaN and infinities; ASCII, as PostgreSQL takes neither NUL nor surrogates."""
    return json.dumps(value, separators=(",", ":"))


def canonical(value: Any) -> str:
    """A text that two values have in common if they are the same, 1 and 1.0 not being so."""
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


def result_text(result: Result) -> str:
    """What came of a job, without what has columns of its own."""
    return to_text(
        {
            "scores": list(result.scores),
            "measures": dict(result.measures),
            "intermediate": {str(epoch): value for epoch, value in result.intermediate.items()},
            "reason": result.reason,
            "seconds": result.seconds,
            "cpu_seconds": result.cpu_seconds,
        }
    )


def trial_of(row: sa.Row[Any]) -> Trial:
    """The trial, or other job, of a row of the table of jobs."""
    found: dict[str, Any] = json.loads(row.result) if row.result else {}
    if found:
        found["scores"] = tuple(found["scores"])
        found["intermediate"] = {int(epoch): v for epoch, v in found["intermediate"].items()}
    values: Mapping[str, Plain] = json.loads(row.flags)
    about = {"state": row.state, "run": row.run, "retry_of": row.retry_of}
    return Trial(number=row.number, values=values, **about, **found)


def job_of(row: sa.Row[Any]) -> Job:
    """What the holder of a row is given to do."""
    about = {"attempt": row.attempt, "run": row.run, "token": row.token}
    about |= {"values": json.loads(row.flags), "facts": facts_of(row)}
    return Job(kind=row.kind, number=row.number, **about)


def facts_of(row: sa.Row[Any]) -> dict[str, Any]:
    """What else belongs to a job."""
    found: dict[str, Any] = json.loads(row.facts)
    return found


def has_ended(trial: Trial) -> bool:
    """Whether it will never change."""
    return trial.state in ENDED
