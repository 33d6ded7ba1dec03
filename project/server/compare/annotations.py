"""Notes and tags that people write on runs, where the official clients and MLflow's page show them.

They are `sys/description` and `sys/tags` of a run that a Neptune client has logged, and the tags
`mlflow.note.content` and `tags` of every run.
"""

from __future__ import annotations

import json
import time
from typing import Any

import sqlalchemy as sa

from project.provenance import repetitions
from project.server.api.access import Role
from project.server.api.context import Context
from project.server.api.fields import mapping, text, texts
from project.server.compare import visible
from project.server.compare.visible import Run
from project.server.containers import sys_attributes
from project.server.containers.containers import look_up
from project.server.errors import ApiError, bad_request
from project.server.ingestion.batch import Application
from project.server.ingestion.values import Assign, Clear, Edit
from project.server.mlflow.experiments import TAGS, set_tags
from project.tracking.mlflow.layout import TAG_LENGTH
from project.words.telling import quoted, unfit

NOTE, KEY = "mlflow.note.content", "tags"
MOST = 100


def change(context: Context, body: Any) -> dict[str, Any]:
    """Write the note and the tags of a run; whoever writes last has the word.

    Args:
        context: the request's.
        body: `run`, an id; `tags`, a list, and `note`, each in place of what was there; `seen`, the
            `tags` and `note` from which the person began.
    Returns:
        `tags` and `note` as they now are, and as `replaced` those that somebody else had written
        meanwhile, if any.
    Raises:
        ApiError: 404, no such run for this account; 403, it may only read; 400, a text is unfit.
    """
    wanted = mapping(body, "the body")
    note, tags = text(wanted, "note", TAG_LENGTH), wanted.get("tags")
    tags = None if tags is None else _checked(texts(tags, "tags", MOST))
    if note and (fault := unfit(note, lines=True)):
        raise bad_request(f"note {quoted(note)} {fault}")
    with context.database.write() as connection:
        run = _writable(context, connection, text(wanted, "run", 100) or "")
        if run.container_id:
            context.database.lock_container(connection, run.container_id)
        known = read(connection, run.id)
        # Which run a reproduction repeats is no tag that people write.
        marks = [tag for tag in known["tags"] if tag not in repetitions.without_mark([tag])]
        new = {"tags": known["tags"] if tags is None else [*marks, *tags]}
        new["note"] = known["note"] if note is None else note
        _write(context, connection, run, new)
    told = {name: shown(known)[name] for name in _changed(wanted, known)}
    return shown(new) | {"replaced": told or None}


def read(connection: sa.Connection, run_id: str) -> dict[str, Any]:
    """The `tags` and the `note` of a run."""
    query = sa.select(TAGS.c.key, TAGS.c.value).where(TAGS.c.run_uuid == run_id)
    rows = connection.execute(query.where(TAGS.c.key.in_([NOTE, KEY])))
    found = {key: value for key, value in rows}
    tags = [tag for tag in (found.get(KEY) or "").split(", ") if tag]
    return {"tags": tags, "note": found.get(NOTE) or ""}


def shown(known: dict[str, Any]) -> dict[str, Any]:
    """`tags` and `note` as people have written them."""
    return known | {"tags": repetitions.without_mark(known["tags"])}


def may_write(context: Context, run: Run) -> bool:
    """Whether the account may change notes and tags of the run."""
    account = context.account
    return account.admin or account.experiments.get(str(run.experiment_id), 0) >= Role.MEMBER


def _writable(context: Context, connection: sa.Connection, identifier: str) -> Run:
    found = visible.find(connection, context.account, identifier)
    if len(found) != 1:
        raise bad_request("give one run")
    if not may_write(context, found[0]):
        raise ApiError(403, "ACCESS_DENIED", "the account may read this run, not write to it")
    return found[0]


def _checked(tags: list[str]) -> list[str]:
    tags = list(dict.fromkeys(tag.strip() for tag in tags))
    for tag in tags:
        # MLflow has them in one text.
        fault = "holds a comma, which divides tags" if "," in tag else unfit(tag)
        fault = fault or ("marks reproductions" if not repetitions.without_mark([tag]) else None)
        if fault:
            raise bad_request(f"tag {quoted(tag)} {fault}")
    if len(", ".join(tags)) > TAG_LENGTH // 2:
        raise bad_request(f"the tags have more than {TAG_LENGTH // 2:,} characters together")
    return tags


def _write(context: Context, connection: sa.Connection, run: Run, new: dict[str, Any]) -> None:
    if run.container_id is None:
        set_tags(connection, run.id, {KEY: ", ".join(new["tags"]), NOTE: new["note"]})
        return
    container = look_up(connection, run.container_id)
    asked = [
        Assign("sys/description", "string", new["note"], None),
        Clear("sys/tags", "stringSet"),
        Edit("sys/tags", True, new["tags"]),
    ]
    errors = Application(context, connection, container, []).apply(asked)
    if errors:
        raise bad_request(errors[0]["errorDescription"])
    sys_attributes.touch(connection, container.id, time.time_ns() // 10**6)


def _changed(wanted: dict[str, Any], known: dict[str, Any]) -> list[str]:
    """What somebody else has changed since the person saw it, and now replaced."""
    seen = wanted.get("seen")
    if not isinstance(seen, dict):
        return []
    given = [name for name in ("tags", "note") if wanted.get(name) is not None and name in seen]
    return [name for name in given if json.dumps(seen[name]) != json.dumps(shown(known)[name])]
