"""MLflow's view of data: the data set our tracker describes, and tracked artifacts, as inputs."""

from __future__ import annotations

import json
import re
import uuid
from typing import Any

import sqlalchemy as sa
from mlflow.store.tracking.dbmodels.models import SqlDataset, SqlInput, SqlInputTag

from project.server.store.database import Database
from project.server.store.tables import attributes
from project.server.store.values import Container
from project.tracking.mlflow.layout import DIGEST_LENGTH, dataset

DATASETS, INPUTS, INPUT_TAGS = (t.__table__ for t in (SqlDataset, SqlInput, SqlInputTag))
# The longest name of a data set in MLflow.
NAME_LENGTH = 500
HASH = "data/hash"
# The attributes that our tracker describes a data set by.
PARTS = re.compile(
    r"data/(?:hash|name|(?P<list>classes|shape|mean|std)|counts/(?P<split>.+)/total)"
)


def show(
    connection: sa.Connection, database: Database, container: Container, changed: dict[str, Any]
) -> None:
    """Show the data of a run again, as far as it was changed.

    Args:
        connection: a transaction that holds the container's lock.
        database: the store.
        container: the run.
        changed: by path, the hash of an artifact; None for one that is gone, and for the other
            attributes that were written.
    """
    inputs = {path: digest and _named(path, digest) for path, digest in changed.items()}
    parts = [path for path in changed if PARTS.fullmatch(path)]
    for path in parts:
        del inputs[path]
    if parts:
        inputs[HASH] = _described(connection, container.id)
    for path, fields in inputs.items():
        _replace(connection, database, container, path, fields)


def _replace(
    connection: sa.Connection,
    database: Database,
    container: Container,
    path: str,
    fields: dict[str, str] | None,
) -> None:
    """Make the data set of these fields the one that the run has for this attribute."""
    # So that it is found again; MLflow's own are random.
    input_uuid = uuid.uuid5(uuid.UUID(container.id), path).hex
    for table in (INPUT_TAGS, INPUTS):
        connection.execute(table.delete().where(table.c.input_uuid == input_uuid))
    if not fields:
        return
    identity = {
        "experiment_id": container.experiment_id,
        "name": fields["name"][:NAME_LENGTH],
        "digest": fields["digest"],
    }
    row = identity | {
        "dataset_uuid": uuid.uuid4().hex,
        "dataset_source_type": fields["source_type"],
        "dataset_source": fields["source"],
        "dataset_schema": fields.get("schema"),
        "dataset_profile": fields.get("profile"),
    }
    connection.execute(database.insert(DATASETS).values(row).on_conflict_do_nothing())
    known = sa.select(DATASETS.c.dataset_uuid).filter_by(**identity)
    edge = {"source_type": "DATASET", "source_id": connection.execute(known).scalar_one()}
    edge |= {"destination_type": "RUN", "destination_id": container.run_uuid}
    edge |= {"input_uuid": input_uuid, "step": 0}
    made = connection.execute(database.insert(INPUTS).values(edge).on_conflict_do_nothing())
    if made.rowcount:
        tag = {"input_uuid": input_uuid, "name": "mlflow.data.context", "value": "training"}
        connection.execute(INPUT_TAGS.insert().values(tag))


def _described(connection: sa.Connection, container_id: str) -> dict[str, str] | None:
    """The fields of the data set in the namespace `data`, or None where it has no hash."""
    query = sa.select(attributes.c.path, attributes.c.text).where(
        attributes.c.container_id == container_id,
        attributes.c.path > "data/",
        attributes.c.path < "data0",  # what follows "/"
    )
    texts = {path: text for path, text in connection.execute(query) if PARTS.fullmatch(path)}
    if not texts.get(HASH):
        return None
    try:
        return dataset(_data(texts))
    except (KeyError, TypeError, ValueError):  # somebody else's `data`
        return _named(texts.get("data/name") or "data", texts[HASH])


def _data(texts: dict[str, str]) -> dict[str, Any]:
    """What Neptune's layout has taken apart, as far as MLflow's `layout.dataset` needs it.

    Raises:
        KeyError, ValueError: it is not that.
    """
    data: dict[str, Any] = {"counts": {}, "name": texts["data/name"], "hash": texts[HASH]}
    for path, text in texts.items():
        part = PARTS.fullmatch(path)
        if part["split"]:
            data["counts"][part["split"]] = {"total": int(text)}
        elif part["list"]:
            data[part["list"]] = json.loads(text)
    return data


def _named(name: str, digest: str) -> dict[str, str]:
    """The fields of a data set of which only the name and the hash are known."""
    source = json.dumps({"tags": {"mlflow.source.name": name}})
    digest = digest.removeprefix("blake3:")[:DIGEST_LENGTH]
    return {"name": name, "digest": digest, "source_type": "code", "source": source}
