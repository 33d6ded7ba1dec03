"""A run that is only in an MLflow store: its directory, had back, and files added to it."""

from __future__ import annotations

import math
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from project.files import read_json
from project.run_directory import JOURNAL, MANIFEST, OUTCOME, PATCH, RECORD, REQUIREMENTS, STAGES
from project.tracking.best import best_records
from project.tracking.mlflow.experiment import final, remedy
from project.tracking.mlflow.layout import given_name
from project.tracking.mlflow.settings import given_uri
from project.tracking.mlflow.store import embedded_store, open_client
from project.tracking.records import encode

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

FILES = (RECORD, OUTCOME, PATCH, REQUIREMENTS, MANIFEST, STAGES)


@final
def fetch(run_id: str, folder: Path, exp_dir: Path, address: str | None) -> Path:
    """The files and curves of an MLflow run, written below `folder` like a run's directory.

    Args:
        run_id: MLflow's.
        folder: an empty one.
        exp_dir: whose embedded store is meant where there is no address and no other is set.
        address: of the store.
    Returns:
        The directory, laid out and named like the run's own.
    Raises:
        ValueError: the store has no such run, or it is none of this project's.
    """
    return _fetched(_client_of(exp_dir, address), run_id, folder)


@final
def add_file(run_id: str, path: Path, folder: str, exp_dir: Path, address: str | None) -> None:
    """Add a file to an MLflow run that has no directory here; arguments as for `fetch`."""
    _client_of(exp_dir, address).log_artifact(run_id, str(path), folder)


def _client_of(exp_dir: Path, address: str | None) -> MlflowClient:
    return open_client(address or given_uri() or embedded_store(exp_dir))


def _given(value: float) -> float:
    """The value that was sent: MLflow's stores hold the largest float in infinity's place."""
    return math.copysign(math.inf, value) if abs(value) == sys.float_info.max else value


def _find(client: MlflowClient, run_id: str) -> Run:
    from mlflow.exceptions import MlflowException

    try:
        return client.get_run(run_id)
    except MlflowException as error:
        told = remedy(error) or f"there is no MLflow run {run_id}: {error.message}"
        raise ValueError(told) from None


def _write_journal(client: MlflowClient, run: Run, directory: Path) -> None:
    """The run's points as a journal; MLflow does not know their epochs, which stand as -1."""
    outcome = directory / OUTCOME
    # What the tracker added was never logged by the run.
    added = best_records(read_json(outcome) if outcome.exists() else None)
    names = run.data.metrics.keys() - {name for record in added for name in record["metrics"]}
    points = [
        (point.timestamp, point.step, given_name(name), _given(point.value))
        for name in names
        for point in client.get_metric_history(run.info.run_id, name)
    ]
    with open(directory / JOURNAL, "wb") as file:
        for time, step, name, value in sorted(points):
            record = {"time": time / 1000, "step": step, "epoch": -1, "metrics": {name: value}}
            file.write(encode(record))


def _fetched(client: MlflowClient, run_id: str, folder: Path) -> Path:
    run = _find(client, run_id)
    there = {file.path for file in client.list_artifacts(run_id)}
    if RECORD not in there:
        raise ValueError(f"MLflow run {run_id} has no {RECORD}: another program made it")
    name = run.data.tags.get("run_id", run_id)
    directory = folder / name
    directory.mkdir()
    for file in FILES:
        if file in there:
            shutil.move(client.download_artifacts(run_id, file, str(folder)), directory / file)
    _write_journal(client, run, directory)
    return directory
