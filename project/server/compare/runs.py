"""What is known of a run, by section and name: from its record, its attributes, params and tags."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import sqlalchemy as sa
from mlflow.store.tracking.dbmodels.models import SqlDataset, SqlInput, SqlParam

from project.server.api.properties import iso
from project.server.compare.differences import Fact
from project.server.compare.documents import Documents
from project.server.compare.visible import Run
from project.server.mlflow.experiments import TAGS
from project.server.mlflow.names import CHECKPOINTS
from project.server.mlflow.names import TAGS as PATHS
from project.server.store.tables import attributes

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
RECORD = ("flags", "code", "data", "model", "environment")
# Of a record and an outcome: what the page shows elsewhere, or that is no fact of the run.
LEFT_OUT = {("run", "schema"), ("run", "exp_name"), ("run", "record"), ("code", "patch")}
# What is said of metrics, which have rows of their own.
OF_METRICS = ("run/scores/", "result/best/metrics/", "result/test/")
# Attributes with one value. What `sys` holds stands above the table; `monitoring` has process ids.
TYPES = ("float", "int", "bool", "string", "datetime", "stringSet", "artifact", "gitRef")


def facts(connection: sa.Connection, run: Run, documents: Documents) -> dict[Fact, str]:
    """What is known of the run, as text; the record says most and is believed most."""
    sources = [
        dict(_record(documents.record)),
        dict(_outcome(documents.outcome)),
        dict(_attributes(connection, run.container_id)) if run.container_id else {},
        dict(_datasets(connection, run)),
        _tags(connection, run),
        dict(_params(connection, run)),
    ]
    known: dict[Fact, str] = {}
    for source in sources:
        known = known | {fact: text for fact, text in source.items() if fact not in known}
    if ("data", "hash") in known:  # of which MLflow's digest is the beginning
        known.pop(("data", "digest"), None)
    return {
        (section, name): text
        for (section, name), text in known.items()
        if (section, name) not in LEFT_OUT and not f"{section}/{name}".startswith(OF_METRICS)
    }


def section(path: str) -> Fact:
    """Where the attribute `path` stands: the section of its first namespace, and the rest."""
    for namespace, name in NAMESPACES.items():
        if path.startswith(f"{namespace}/"):
            return name, path.removeprefix(f"{namespace}/")
    first, slash, rest = path.partition("/")
    return (first, rest) if slash else ("run", path)


def leaves(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """(name, text) of each leaf of a JSON value; a list is one."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(f"{name}/{key}" if name else str(key), item)
    else:
        yield name, _text(value)


def _record(record: dict[str, Any]) -> Iterator[tuple[Fact, str]]:
    for key, value in record.items():
        within = (key, "") if key in RECORD else ("run", key)
        for name, text in leaves(within[1], value):
            yield (within[0], name), text


def _outcome(outcome: dict[str, Any]) -> Iterator[tuple[Fact, str]]:
    """How the run ended; its metrics stand among the curves."""
    best = outcome.get("best")
    if isinstance(best, dict):
        best = {key: value for key, value in best.items() if key != "metrics"}
    left_out = ("schema", "run_id", "record", "test", "started", "ended", "duration", "status")
    rest = {key: value for key, value in outcome.items() if key not in left_out}
    for name, text in leaves("", rest | {"best": best}):
        if text != "null":
            yield ("result", name), text


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
