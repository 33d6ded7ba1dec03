"""MLflow's view of a run: rows of its params and tags, written and removed."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from mlflow.store.tracking.dbmodels.models import SqlParam, SqlTag

from project.server.mlflow.names import PARAM, TAG
from project.server.store.database import Database

TABLES = {PARAM: SqlParam.__table__, TAG: SqlTag.__table__}
Shown = tuple[str, str]  # as what (PARAM, TAG or METRIC), and the key


def show(
    connection: sa.Connection, database: Database, run_uuid: str, values: dict[Shown, str]
) -> None:
    """Set params and tags."""
    for shown_as, table in TABLES.items():
        # Always in the same order: two transactions that lock rows crosswise would wait for ever.
        rows = [
            {"key": key, "value": value, "run_uuid": run_uuid}
            for (kind, key), value in sorted(values.items())
            if kind == shown_as
        ]
        if rows:
            insert = database.insert(table)
            upsert = insert.on_conflict_do_update(
                index_elements=["key", "run_uuid"], set_={"value": insert.excluded.value}
            )
            connection.execute(upsert, rows)


def hide(connection: sa.Connection, run_uuid: str, gone: Iterable[Shown]) -> None:
    """Remove params and tags; metrics go with their points."""
    for shown_as, key in sorted(gone):
        if shown_as in TABLES:
            table = TABLES[shown_as]
            here = (table.c.key == key) & (table.c.run_uuid == run_uuid)
            connection.execute(table.delete().where(here))
