"""What is known of a run of another program, by section: its attributes, params, tags, data."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from mlflow.store.tracking.dbmodels.models import SqlDataset, SqlInput, SqlParam

from project.server.api.properties import iso
from project.server.compare.visible import Run
from project.server.mlflow.experiments import TAGS
from project.server.mlflow.names import CHECKPOINTS
from project.server.mlflow.names import TAGS as PATHS
from project.server.store.tables import attributes

Fact = tuple[str, str]  # section and name
PARAMS, DATASETS, INPUTS = SqlParam.__table__, SqlDataset.__table__, SqlInput.__table__
# Where Neptune's namespaces, ours and those of its own integrations, stand on the page.
NAMESPACES = {
    "training/hyperparams": "flags",
    "parameters": "flags",
    "training/model": "model",
    "source_code/git": "code",
    "source_code": "code",
}
OF_MLFLOW = {
    "mlflow.source.git.commit": ("code", "sha"),
    "mlflow.source.git.branch": ("code", "branch"),
    "mlflow.source.git.repoURL": ("code", "remote"),
    "mlflow.source.name": ("run", "source"),
    "mlflow.note.content": ("run", "description"),
    "mlflow.user": ("run", "user"),
}
# Sections of a record; of what stands in another namespace, flags are the nearest to it.
SECTIONS = ("flags", "code", "data", "model", "environment", "run", "tags")
# Attributes with one value. What `sys` holds stands above the table; `monitoring` has process ids.
TYPES = ("float", "int", "bool", "string", "datetime", "stringSet", "artifact", "gitRef")


def facts(connection: sa.Connection, run: Run) -> dict[str, dict[str, Any]]:
    """What is known of the run, by section and name; numbers and truths as such."""
    sources = [
        dict(_attributes(connection, run.container_id)) if run.container_id else {},
        dict(_datasets(connection, run)),
        _tags(connection, run),
        dict(_params(connection, run)),
    ]
    known: dict[Fact, str] = {}
    for source in sources:
        known = known | {fact: text for fact, text in source.items() if fact not in known}
    found: dict[str, dict[str, Any]] = {name: {} for name in SECTIONS}
    for (section, name), text in known.items():
        place = (section, name) if section in SECTIONS else ("flags", f"{section}/{name}")
        found[place[0]][place[1]] = _value_of(text)
    return found


def tags(facts: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The run's tags as words: `team=vision`."""
    return [f"{name}={text}" for name, text in facts["tags"].items()]


def created(run: Run) -> str | None:
    """When the run began, as records say it."""
    if run.started is None:
        return None
    return datetime.fromtimestamp(run.started / 1000, UTC).isoformat(timespec="seconds")


def section(path: str) -> Fact:
    """Where the attribute `path` stands: the section of its first namespace, and the rest."""
    for namespace, name in NAMESPACES.items():
        if path.startswith(f"{namespace}/"):
            return name, path.removeprefix(f"{namespace}/")
    first, slash, rest = path.partition("/")
    return (first, rest) if slash else ("run", path)


def _params(connection: sa.Connection, run: Run) -> Iterator[tuple[Fact, str]]:
    query = sa.select(PARAMS.c.key, PARAMS.c.value).where(PARAMS.c.run_uuid == run.id)
    for key, value in connection.execute(query.order_by(PARAMS.c.key)):
        if key == "n_parameters":
            yield ("model", key), value
        elif run.container_id is None:  # else the attributes say it, and more exactly
            yield ("flags", key), value


def _tags(connection: sa.Connection, run: Run) -> dict[Fact, str]:
    ours = {names[0]: section(path) for path, names in PATHS.items()} | OF_MLFLOW
    found = {}
    query = sa.select(TAGS.c.key, TAGS.c.value).where(TAGS.c.run_uuid == run.id)
    for key, value in connection.execute(query.order_by(TAGS.c.key)):
        fact = ours.get(key)
        if key.startswith("checkpoint_"):
            fact = ("result", f"checkpoints/{key.removeprefix('checkpoint_')}")
        elif fact is None and not key.startswith(("mlflow.", "neptune.")):
            fact = ("tags", key)
        # What the run has from the attributes stands there.
        if fact and key != "status" and not (run.container_id and fact[0] == "tags"):
            found[fact] = value or ""
    return found


def _datasets(connection: sa.Connection, run: Run) -> Iterator[tuple[Fact, str]]:
    joined = DATASETS.join(INPUTS, INPUTS.c.source_id == DATASETS.c.dataset_uuid)
    query = sa.select(DATASETS.c.name, DATASETS.c.digest).select_from(joined)
    here = (INPUTS.c.destination_id == run.id) & (INPUTS.c.destination_type == "RUN")
    rows = connection.execute(query.where(here).order_by(DATASETS.c.name)).all()
    for row in rows:
        several = f"{row.name}/" if len(rows) > 1 else ""
        yield ("data", f"{several}name"), row.name
        yield ("data", f"{several}digest"), row.digest


def _attributes(connection: sa.Connection, container_id: str) -> Iterator[tuple[Fact, str]]:
    columns = (attributes.c.path, attributes.c.type, attributes.c.text, attributes.c.number)
    query = sa.select(*columns).where(attributes.c.container_id == container_id)
    for row in connection.execute(query.where(attributes.c.type.in_(TYPES))):
        if row.type == "gitRef":
            yield from _git(row.text)
        elif row.path.startswith(CHECKPOINTS):
            name = row.path.removeprefix(CHECKPOINTS)
            yield ("result", f"checkpoints/{name}"), _value(row)
        elif not row.path.startswith(("sys/", "monitoring/")):
            yield section(row.path), _value(row)


def _git(text: str | None) -> Iterator[tuple[Fact, str]]:
    """What Neptune's client says of the repository, under the names of our record."""
    content = json.loads(text or "null")
    if not isinstance(content, dict):
        return
    commit = content.get("commit") or {}
    named = {"sha": commit.get("commitId"), "message": commit.get("message")}
    named |= {"branch": content.get("currentBranch"), "dirty": content.get("repositoryDirty")}
    for name, value in named.items():
        if value is not None:
            yield ("code", name), _text(value)


def _value(row: sa.Row) -> str:
    spelled: dict[str, Callable[[], str]] = {
        "bool": lambda: _text(bool(row.number)),
        "float": lambda: row.text or _text(row.number),
        "datetime": lambda: iso(row.number),
        "stringSet": lambda: ", ".join(json.loads(row.text or "[]")),
    }
    return spelled.get(row.type, lambda: row.text or "")()


def _text(value: Any) -> str:
    """A value as a person writes it, and as params have it."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _value_of(text: str) -> Any:
    """The number or truth that a text spells; others stay texts, as these may mean anything."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value if isinstance(value, (bool, int, float)) and json.dumps(value) == text else text
