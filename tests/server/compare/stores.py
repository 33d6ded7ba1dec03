"""A store with MLflow's tables and ours, and runs in it, for the tests of the page."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from mlflow.store.db.base_sql_model import Base
from mlflow.store.tracking.dbmodels.models import SqlLatestMetric, SqlMetric, SqlParam
from starlette.requests import HTTPConnection

from project.server.api.access import LOCAL, Account
from project.server.api.context import Context
from project.server.compare import visible
from project.server.compare.visible import Run
from project.server.mlflow.experiments import EXPERIMENTS, RUNS, TAGS
from project.server.settings import Settings
from project.server.storage.storage import Storage
from project.server.store.database import Database

TABLES = ("experiments", "experiment_tags", "runs", "tags", "params", "metrics", "latest_metrics")
TABLES += ("datasets", "inputs")
STARTED = 1_795_000_000_000
Point = tuple[float, int, int, bool]  # value, step, unix ms, whether it is NaN


@dataclass(frozen=True)
class Store:
    """A store in a folder."""

    settings: Settings
    database: Database

    def context(self, account: Account = LOCAL) -> Context:
        """What a handler is given, without a request."""
        connection = HTTPConnection({"type": "http"})
        storage = Storage(self.settings, self.database)
        return Context(account, self.database, storage, self.settings, connection)

    def add(self, number: int = 1, experiment: int = 1, **run: Any) -> Run:
        """Add a run, whose id is this number."""
        row = {
            "run_uuid": f"{number:032x}",
            "name": f"run {number}",
            "status": "FINISHED",
            "start_time": STARTED,
            "end_time": STARTED + 60_000,
            "lifecycle_stage": "active",
            "artifact_uri": str(self.artifacts(number)),
            "experiment_id": experiment,
        }
        name = {"experiment_id": experiment, "name": f"experiment {experiment}"}
        with self.database.write() as connection:
            insert = self.database.insert(EXPERIMENTS).values(name | {"lifecycle_stage": "active"})
            connection.execute(insert.on_conflict_do_nothing())
            connection.execute(RUNS.insert(), [row | run])
        return self.find(row["run_uuid"])

    def artifacts(self, number: int) -> Path:
        """The folder of a run's files."""
        return Path(self.settings.artifacts) / str(number)

    def find(self, ids: str, account: Account = LOCAL) -> Run:
        """The run of this id."""
        with self.database.read() as connection:
            (run,) = visible.find(connection, account, ids)
        return run

    def tag(self, run: Run, **tags: str) -> None:
        """Give tags to a run; two underscores stand for a dot."""
        self._insert(TAGS, [self._pair(run, key, value) for key, value in tags.items()])

    def params(self, run: Run, **params: str) -> None:
        """Give params to a run."""
        rows = [self._pair(run, key, value) for key, value in params.items()]
        self._insert(SqlParam.__table__, rows)

    def log(self, run: Run, key: str, points: list[Point]) -> None:
        """Log a curve."""
        names = ("value", "step", "timestamp", "is_nan")
        rows = [
            dict(zip(names, point, strict=True)) | {"key": key, "run_uuid": run.id}
            for point in points
        ]
        self._insert(SqlMetric.__table__, rows)
        self._insert(SqlLatestMetric.__table__, [max(rows, key=lambda row: row["step"])])

    def _insert(self, table: sa.Table, rows: list[dict[str, Any]]) -> None:
        with self.database.write() as connection:
            connection.execute(table.insert(), rows)

    def _pair(self, run: Run, key: str, value: str) -> dict[str, str]:
        return {"run_uuid": run.id, "key": key.replace("__", "."), "value": value}


def make_store(folder: Path) -> Store:
    """An empty store; MLflow's tables are as its models have them."""
    uri = f"sqlite:///{folder}/mlflow.db"
    engine = sa.create_engine(uri)
    Base.metadata.create_all(engine, [Base.metadata.tables[name] for name in TABLES])
    engine.dispose()
    settings = Settings(uri, str(folder / "files"), str(folder / ".server"), "http://x", False)
    return Store(settings, Database(uri))
