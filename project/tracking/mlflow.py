"""MLflow as a tracker: into the embedded store of `--exp-dir`, or to MLFLOW_TRACKING_URI.

The embedded store is SQLite, `<exp-dir>/mlflow.db`, with files below `<exp-dir>/mlflow-artifacts`;
it needs no server, and `python -m project.serve` shows it. Points have the journal's time and step,
so that one sent again is the same row of MLflow's table.
"""

from __future__ import annotations

import logging
import os
import shlex
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from project.files import lock
from project.tracking._mlflow_layout import (
    STATUSES,
    dataset,
    outcome_tags,
    params,
    safe_name,
    tags,
)
from project.tracking._scrub import scrub
from project.tracking._tracker import Tracker

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

ADDRESS = "MLFLOW_TRACKING_URI"
SCHEMES = ("http", "https", "sqlite", "postgresql", "mysql", "mssql", "file", "databricks")
# Limits of MLflow's log_batch.
POINTS_AT_ONCE = 1000
SETTINGS_AT_ONCE = 100
# No request leaves this machine but to the store; an attempt that fails is repeated by the
# follower, not for minutes by MLflow. What a person has set stays.
ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
}


def build(run_dir: Path, remote: dict[str, Any]) -> MlflowTracker:
    """A tracker for the store of MLFLOW_TRACKING_URI, or for the embedded one.

    Raises:
        ValueError: MLFLOW_TRACKING_URI is no address.
    """
    scheme = urlsplit(os.environ.get(ADDRESS, "")).scheme.partition("+")[0]
    if os.environ.get(ADDRESS) and scheme not in SCHEMES:
        raise ValueError(
            f"{ADDRESS} begins with {scheme + ':' if scheme else 'no scheme'!r}, not with one of"
            f" {', '.join(SCHEMES)}: correct it, or unset it to use the store in --exp-dir"
        )
    return MlflowTracker(run_dir, remote)


class MlflowTracker(Tracker):
    """One run of an MLflow experiment; the run's name and its tag `run_id` are our run id."""

    name = "mlflow"

    def open(self, record: dict[str, Any]) -> dict[str, Any]:
        self._exp_dir = self.run_dir.parents[1]
        self._uri = os.environ.get(ADDRESS) or embedded_store(self._exp_dir)
        self._client = _client(self._uri)
        experiment = self._experiment(record["exp_name"])
        run = self._known() or self._find(experiment, record) or self._create(experiment, record)
        self._id = run.info.run_id
        self.remote = {"id": self._id, "experiment": run.info.experiment_id}
        self._client.update_run(self._id, status="RUNNING")
        # What an earlier end left.
        if "error" in run.data.tags:
            self._client.delete_tag(self._id, "error")
        self._send_settings(params(record), tags(record))
        self._send_dataset(record["data"])
        return self.remote

    def log(self, records: list[dict[str, Any]]) -> None:
        from mlflow.entities import Metric

        points = (
            Metric(safe_name(name), value, round(record["time"] * 1000), record["step"])
            for record in records
            for name, value in record["metrics"].items()
        )
        for batch in _batches(points, POINTS_AT_ONCE):
            self._client.log_batch(self._id, metrics=batch)

    def upload(self, path: Path) -> None:
        folder = path.parent.relative_to(self.run_dir).as_posix()
        self._client.log_artifact(self._id, str(path), None if folder == "." else folder)

    def close(self, outcome: dict[str, Any] | None) -> None:
        self._send_settings({}, outcome_tags(outcome))
        status = STATUSES["lost" if outcome is None else outcome["status"]]
        ended = None if outcome is None else _milliseconds(outcome["ended"])
        self._client.set_terminated(self._id, status, ended)

    def where(self) -> str:
        if not os.environ.get(ADDRESS):
            command = f"python -m project.serve --exp-dir {shlex.quote(str(self._exp_dir))}"
            return f"mlflow: run {self.run_dir.name} in {self._exp_dir}/mlflow.db, see `{command}`"
        place = scrub(self._uri).rstrip("/")
        if place.startswith("http"):
            place += f"/#/experiments/{self.remote['experiment']}/runs/{self._id}"
        return f"mlflow: run {self.run_dir.name} at {place}"

    def _experiment(self, name: str) -> str:
        """The id of the experiment, made if it isn't there."""
        from mlflow.exceptions import MlflowException

        known = self._client.get_experiment_by_name(name)
        if known is None:
            try:
                return self._client.create_experiment(name, self._artifacts(name))
            except MlflowException as error:
                if error.error_code != "RESOURCE_ALREADY_EXISTS":
                    raise
                known = self._client.get_experiment_by_name(name)
        if known.lifecycle_stage == "deleted":
            raise ValueError(
                f"MLflow experiment {name!r} was deleted: run `mlflow experiments restore"
                f" --experiment-id {known.experiment_id}`, or use another --exp-name"
            )
        return known.experiment_id

    def _artifacts(self, exp_name: str) -> str | None:
        """Where the experiment's files go; a store that is not embedded has its own place."""
        if os.environ.get(ADDRESS):
            return None
        return (self._exp_dir / "mlflow-artifacts" / exp_name).as_uri()

    def _known(self) -> Run | None:
        from mlflow.exceptions import MlflowException

        if "id" not in self.remote:
            return None
        try:
            run = self._client.get_run(self.remote["id"])
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            return None
        return run if run.info.lifecycle_stage == "active" else None

    def _find(self, experiment: str, record: dict[str, Any]) -> Run | None:
        """The run that a follower made before it was killed."""
        query = f"tags.run_id = '{record['run_id']}'"
        return next(iter(self._client.search_runs([experiment], query, max_results=1)), None)

    def _create(self, experiment: str, record: dict[str, Any]) -> Run:
        start = _milliseconds(record["created"])
        name = record["run_id"]
        tags = {"run_id": name, "mlflow.user": record["user"]}
        return self._client.create_run(experiment, start, tags, run_name=name)

    def _send_settings(self, params: dict[str, str], tags: dict[str, str]) -> None:
        from mlflow.entities import Param, RunTag

        for batch in _batches(params.items(), SETTINGS_AT_ONCE):
            self._client.log_batch(self._id, params=[Param(*item) for item in batch])
        for batch in _batches(tags.items(), SETTINGS_AT_ONCE):
            self._client.log_batch(self._id, tags=[RunTag(*item) for item in batch])

    def _send_dataset(self, data: dict[str, Any]) -> None:
        from mlflow.entities import Dataset, DatasetInput, InputTag

        context = [InputTag("mlflow.data.context", "training")]
        self._client.log_inputs(self._id, [DatasetInput(Dataset(**dataset(data)), context)])


def embedded_store(exp_dir: Path) -> str:
    """The address of the store in `exp_dir`, which is made if it isn't there (about 1.5 s).

    Raises:
        OSError: the folder can't be written.
    """
    # Two processes that make its tables at once would disturb each other.
    with lock(exp_dir / ".mlflow.lock"):
        # Readers (the web page) and writers (other runs) then need not wait for each other.
        with closing(sqlite3.connect(exp_dir / "mlflow.db")) as database:
            database.execute("PRAGMA journal_mode=WAL")
        _client(embedded_uri(exp_dir))
    return embedded_uri(exp_dir)


def embedded_uri(exp_dir: Path) -> str:
    """The address of the store in `exp_dir`."""
    return f"sqlite:///{exp_dir.resolve()}/mlflow.db"


def _client(uri: str) -> MlflowClient:
    """MLflow's client, imported (1 s) when it is needed, without its chatter."""
    for key, value in ENVIRONMENT.items():
        os.environ.setdefault(key, value)
    from mlflow import MlflowClient

    # What matters of it is raised as well.
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    return MlflowClient(uri, uri)


def _batches(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch


def _milliseconds(moment: str) -> int:
    return round(datetime.fromisoformat(moment).timestamp() * 1000)
