"""MLflow as a tracker: into the embedded store of `--exp-dir`, or to MLFLOW_TRACKING_URI.

The embedded store is SQLite, `<exp-dir>/mlflow.db`, with files below `<exp-dir>/mlflow-artifacts`;
it needs no server, and `python -m project.serve` shows it. Points have the journal's time and step,
so that one sent again is the same row of MLflow's table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from project.cli import shell
from project.run_directory import MLFLOW_FILES
from project.tracking.best import best_records
from project.tracking.mlflow import sweep
from project.tracking.mlflow.deletion import deleted
from project.tracking.mlflow.experiment import experiment, experiment_on_server, final
from project.tracking.mlflow.inputs import send_dataset
from project.tracking.mlflow.layout import STATUSES, outcome_tags, params, safe_name, tags
from project.tracking.mlflow.locations import now_at, stored_once
from project.tracking.mlflow.points import add_points
from project.tracking.mlflow.settings import embedded_path, given_uri
from project.tracking.mlflow.store import embedded_store, keep_files_in, open_client, quieten
from project.tracking.scrub import scrub
from project.tracking.tracker import Tracker

if TYPE_CHECKING:
    from mlflow.entities import Run

# Limits of MLflow's log_batch.
POINTS_AT_ONCE = 1000
SETTINGS_AT_ONCE = 100
# Where MLflow says the files of an experiment are that was made through its server.
THROUGH_A_SERVER = "mlflow-artifacts:"


def build(run_dir: Path, remote: dict[str, Any]) -> MlflowTracker:
    """A tracker for the store of MLFLOW_TRACKING_URI, or for the embedded one.

    Raises:
        ValueError: MLFLOW_TRACKING_URI is no address.
    """
    given_uri()
    return MlflowTracker(run_dir, remote)


def preload() -> None:
    """Import what `open` needs."""
    quieten()
    import_module("mlflow.client")
    if given_uri() is None:
        import_module("mlflow.store.tracking.sqlalchemy_store")


def is_slow_to_open(run_dir: Path) -> bool:
    """Whether the embedded store has yet to be made, which takes a second of a core."""
    return given_uri() is None and not embedded_path(run_dir.parents[1]).exists()


def is_served() -> bool:
    """Whether runs go into the embedded store, which `project.serve` shows."""
    return given_uri() is None


class MlflowTracker(Tracker):
    """One run of an MLflow experiment; the run's name and its tag `run_id` are our run id."""

    name = "mlflow"

    @final
    def open(self, record: dict[str, Any]) -> dict[str, Any]:
        self._exp_dir = self.run_dir.parents[1]
        self._given = given_uri()
        self._client = open_client(self._given or embedded_store(self._exp_dir))
        run = self._known() or self._entered(self._experiment(record["exp_name"]), record)
        self._id, self._parent = run.info.run_id, None
        if record.get("sweep"):
            self._parent = run.data.tags.get(sweep.PARENT)
        self.remote = {"id": self._id, "experiment": run.info.experiment_id}
        self._client.update_run(self._id, status="RUNNING")
        # What an earlier end left.
        if "error" in run.data.tags:
            self._client.delete_tag(self._id, "error")
        self._send_settings(params(record), tags(record) | sweep.tags_of(record))
        send_dataset(self._client, self._id, record["data"])
        return self.remote

    @final
    def log(self, records: list[dict[str, Any]]) -> None:
        points = (
            (safe_name(name), record["step"], round(record["time"] * 1000), value)
            for record in records
            for name, value in record["metrics"].items()
        )
        if self._given is None:
            add_points(embedded_path(self._exp_dir), self._id, points)
            return
        from mlflow.entities import Metric

        metrics = (Metric(name, value, time, step) for name, step, time, value in points)
        for batch in _batches(metrics, POINTS_AT_ONCE):
            self._client.log_batch(self._id, metrics=batch)

    @final
    def upload(self, path: Path) -> None:
        folder = path.parent.relative_to(self.run_dir).as_posix()
        folder = None if folder == "." else folder
        if self._given is not None:
            self._client.log_artifact(self._id, str(path), folder)
            return
        from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

        # Beside the store as it is reached here: elsewhere its folder may have another name.
        uri = self._client.get_run(self._id).info.artifact_uri
        uri = now_at(uri, embedded_path(self._exp_dir).parent)
        if stored_once(path, uri, folder):
            return
        get_artifact_repository(uri).log_artifact(str(path), folder)

    @final
    def close(self, outcome: dict[str, Any] | None) -> None:
        self.log(best_records(outcome))
        self._send_settings({}, outcome_tags(outcome))
        status = STATUSES["lost" if outcome is None else outcome["status"]]
        ended = None if outcome is None else _milliseconds(outcome["ended"])
        self._client.set_terminated(self._id, status, ended)
        if self._parent:
            sweep.ended(self._client, self._parent, ended)

    @final
    def delete(self, record: dict[str, Any]) -> str:
        exp_dir, given = self.run_dir.parents[1], given_uri()
        if given is None and not embedded_path(exp_dir).exists():
            return "its store is gone"
        store = given or embedded_store(exp_dir)
        return deleted(open_client(store), self.remote["id"], None if given else exp_dir)

    def where(self) -> str:
        if self._given is None:
            command = shell.command("serve", *shell.exp_dir_flag(self._exp_dir))
            return f"mlflow: run {self.run_dir.name} in {self._exp_dir}/mlflow.db, see `{command}`"
        where = scrub(self._given).rstrip("/")
        if where.startswith("http"):
            where += f"/#/experiments/{self.remote['experiment']}/runs/{self._id}"
        return f"mlflow: run {self.run_dir.name} at {where}"

    def _experiment(self, name: str) -> str:
        """The id of the experiment, made if it isn't there."""
        if self._given is None:
            return experiment(self._client, name, self._files(name).as_uri())
        return experiment_on_server(self._client, name)

    def _files(self, exp_name: str) -> Path:
        """Where the embedded store keeps an experiment's files."""
        return embedded_path(self._exp_dir).parent / MLFLOW_FILES / exp_name

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

    def _entered(self, experiment: str, record: dict[str, Any]) -> Run:
        return self._find(experiment, record) or self._create(experiment, record)

    def _find(self, experiment: str, record: dict[str, Any]) -> Run | None:
        """The run that a follower made before it was killed."""
        query = f"tags.run_id = '{record['run_id']}'"
        return next(iter(self._client.search_runs([experiment], query, max_results=1)), None)

    def _create(self, experiment: str, record: dict[str, Any]) -> Run:
        start = _milliseconds(record["created"])
        name = record["run_id"]
        tags = {"run_id": name, "mlflow.user": record["user"]}
        if record.get("sweep"):
            tags[sweep.PARENT] = sweep.parent(self._client, experiment, record, start)
        if self._given and self._client.get_experiment(experiment).name != record["exp_name"]:
            tags["exp_name"] = record["exp_name"]
        run = self._client.create_run(experiment, start, tags, run_name=name)
        if self._given is None and run.info.artifact_uri.startswith(THROUGH_A_SERVER):
            folder = self._files(record["exp_name"]) / run.info.run_id / "artifacts"
            keep_files_in(embedded_path(self._exp_dir), run.info.run_id, folder)
        return run

    def _send_settings(self, params: dict[str, str], tags: dict[str, str]) -> None:
        from mlflow.entities import Param, RunTag

        for batch in _batches(params.items(), SETTINGS_AT_ONCE):
            self._client.log_batch(self._id, params=[Param(*item) for item in batch])
        for batch in _batches(tags.items(), SETTINGS_AT_ONCE):
            self._client.log_batch(self._id, tags=[RunTag(*item) for item in batch])


def _batches(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch


def _milliseconds(moment: str) -> int:
    return round(datetime.fromisoformat(moment).timestamp() * 1000)
