"""Runs by their ids, as far as the account that asks may see them."""

from __future__ import annotations

import re
from dataclasses import dataclass

import sqlalchemy as sa

from project.provenance.find import RUN_ID
from project.server.api.access import Account
from project.server.errors import bad_request, not_found
from project.server.mlflow.experiments import EXPERIMENTS, RUNS, TAGS
from project.server.store.tables import containers
from project.tracking.mlflow.layout import STATUSES

MOST = 200
UUID = re.compile(r"[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}")
# What MLflow's words mean where a run has no tag `status`; KILLED is any other end from outside.
WORDS = {"SCHEDULED": "running", "RUNNING": "running", "FINISHED": "finished", "FAILED": "failed"}


@dataclass(frozen=True)
class Run:
    """One run of the store, however it came there.

    Attributes:
        id: MLflow's.
        name: for people.
        status: running, or how it ended: one of `tracking.mlflow.layout.STATUSES`.
        started, ended: unix milliseconds.
        container_id, short_id: Neptune's, if its client has logged the run.
        deleted: it, or its experiment, is in the trash.
    """

    id: str
    name: str
    experiment_id: int
    experiment: str
    status: str
    user: str
    started: int | None
    ended: int | None
    artifact_uri: str
    container_id: str | None
    short_id: str | None
    deleted: bool = False


_STATUS = TAGS.alias()
_TOLD = (_STATUS.c.run_uuid == RUNS.c.run_uuid) & (_STATUS.c.key == "status")
EVERY = sa.select(
    RUNS.c.run_uuid,
    RUNS.c.name,
    RUNS.c.experiment_id,
    EXPERIMENTS.c.name.label("experiment"),
    RUNS.c.status,
    _STATUS.c.value.label("told"),
    RUNS.c.user_id,
    RUNS.c.start_time,
    RUNS.c.end_time,
    RUNS.c.artifact_uri,
    containers.c.id.label("container_id"),
    containers.c.short_id,
    sa.or_(RUNS.c.lifecycle_stage != "active", EXPERIMENTS.c.lifecycle_stage != "active").label(
        "deleted"
    ),
).select_from(
    RUNS.join(EXPERIMENTS, EXPERIMENTS.c.experiment_id == RUNS.c.experiment_id)
    .outerjoin(containers, containers.c.run_uuid == RUNS.c.run_uuid)
    .outerjoin(_STATUS, _TOLD)
)
# Those that nobody has put into the trash, nor their experiment.
ACTIVE = sa.and_(RUNS.c.lifecycle_stage == "active", EXPERIMENTS.c.lifecycle_stage == "active")
SELECT = EVERY.where(ACTIVE)


def seen_by(account: Account) -> sa.ColumnElement[bool]:
    """The condition on RUNS that the account may see a run; experiments of no project are admins'.

    A condition also on what is a run: a project's own container is none.
    """
    runs = containers.c.type.is_(None) | (containers.c.type != "project")
    if account.admin:
        return runs
    return runs & RUNS.c.experiment_id.in_([int(number) for number in account.experiments])


def find(connection: sa.Connection, account: Account, text: str) -> list[Run]:
    """The runs of a list of ids between commas, in this order.

    An id is MLflow's, Neptune's with dashes, or the one that `project.run` gives.

    Raises:
        ApiError: 400, none or more than MOST; 404, one of them isn't there or not to be seen.
    """
    found, missing = present(connection, account, text)
    if missing:
        raise not_found("EXPERIMENT_NOT_FOUND", f"there is no run {', '.join(missing)}")
    return found


def present(connection: sa.Connection, account: Account, text: str) -> tuple[list[Run], list[str]]:
    """As `find`, but those that aren't there, or not to be seen, are told beside the others."""
    ids = list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if not 1 <= len(ids) <= MOST:
        raise bad_request(f"give from 1 to {MOST} runs, not {len(ids)}")
    known = _by_run_id(connection, [id_ for id_ in ids if not UUID.fullmatch(id_)])
    uuids = [known.get(id_, id_.replace("-", "")) for id_ in ids]
    query = SELECT.where(RUNS.c.run_uuid.in_(uuids), seen_by(account))
    found = {row.run_uuid: made(row) for row in connection.execute(query)}
    missing = [id_ for id_, uuid in zip(ids, uuids, strict=True) if uuid not in found]
    return [found[uuid] for uuid in dict.fromkeys(uuids) if uuid in found], missing


def made(row: sa.Row) -> Run:
    """The run of a row of SELECT."""
    status = row.told if row.told in STATUSES else WORDS.get(row.status, "interrupted")
    # Through Neptune, a run is taken to go on for a while after our tracker has told its end, which
    # it takes back as it resumes. In MLflow the tag of an end stays until the next one.
    told = row.container_id and row.told in STATUSES and RUN_ID.fullmatch(row.name or "")
    status = "running" if row.status == "RUNNING" and not told else status
    return Run(
        row.run_uuid,
        row.name or row.run_uuid,
        row.experiment_id,
        row.experiment,
        status,
        row.user_id or "",
        row.start_time,
        row.end_time,
        row.artifact_uri,
        row.container_id,
        row.short_id,
        bool(row.deleted),
    )


def _by_run_id(connection: sa.Connection, ids: list[str]) -> dict[str, str]:
    """MLflow's ids by `project.run`'s."""
    query = sa.select(TAGS.c.value, TAGS.c.run_uuid)
    query = query.where(TAGS.c.key == "run_id", TAGS.c.value.in_(ids))
    return {row.value: row.run_uuid for row in connection.execute(query)} if ids else {}
