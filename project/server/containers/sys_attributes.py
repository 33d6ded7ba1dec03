"""The namespace `sys`: what a container has from the beginning, and what of it MLflow shows."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa

from project.server.containers import states
from project.server.containers.sys_rows import put, row
from project.server.mlflow.experiments import RUNS, set_tags
from project.server.store.values import Container, New, Project, Row
from project.tracking.mlflow.layout import NAME_LENGTH, cut


def initial(id_: str, project: Project, new: New) -> list[dict[str, Any]]:
    """The rows of a new container's attributes `sys/*`."""
    found = _common(new)
    if new.type == "project":
        found["name"] = ("string", {"text": project.name})
        found["visibility"] = ("string", {"text": project.visibility})
    else:
        found["owner"] = ("string", {"text": new.owner})
        found["trashed"] = ("bool", {"number": 0})
    if new.type == "run":
        found["failed"] = ("bool", {"number": 0})
    if new.custom_id is not None:
        found["custom_run_id"] = ("string", {"text": new.custom_id})
    if new.parent is not None:
        found["model_id"] = ("string", {"text": new.parent[1]})
        found["stage"] = ("string", {"text": "none"})
    return [row(id_, f"sys/{name}", type_, **columns) for name, (type_, columns) in found.items()]


def _common(new: New) -> dict[str, tuple[str, dict[str, Any]]]:
    idle = new.type == "project"
    found = {
        "id": ("string", {"text": new.short_id}),
        "name": ("string", {"text": new.short_id}),
        "state": ("experimentState", {"text": "idle" if idle else "running"}),
        "size": ("float", {"number": 0}),
        "running_time": ("float", {"number": 0}),
        "monitoring_time": ("int", {"text": "0", "number": 0}),
        "tags": ("stringSet", {"text": "[]"}),
        "group_tags": ("stringSet", {"text": "[]"}),
    }
    for name in ("creation_time", "modification_time", "ping_time"):
        found[name] = ("datetime", {"number": new.created})
    return found


def touch(connection: sa.Connection, container_id: str, now_ms: int) -> None:
    """Note that something in the container has changed."""
    put(connection, container_id, "modification_time", number=now_ms)


def shown(connection: sa.Connection, container: Container, path: str, row: Row | None) -> None:
    """Show in MLflow what was assigned to an attribute of `sys`, or, without a row, removed."""
    text = row.text or "" if row else ""
    if path == "sys/failed":
        states.failed(connection, container.id)
    elif path == "sys/name":
        name = cut(text, NAME_LENGTH) or container.short_id
        set_tags(connection, container.run_uuid, {"mlflow.runName": name})
        here = RUNS.c.run_uuid == container.run_uuid
        connection.execute(RUNS.update().where(here).values(name=name))
    elif path == "sys/description":
        set_tags(connection, container.run_uuid, {"mlflow.note.content": text})
    elif path in ("sys/tags", "sys/group_tags"):
        tags = ", ".join(json.loads(text or "[]"))
        set_tags(connection, container.run_uuid, {path.removeprefix("sys/"): tags})
