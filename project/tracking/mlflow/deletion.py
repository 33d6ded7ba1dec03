"""Deleting an MLflow run: for good in the embedded store, as any client may in others."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from project.tracking.mlflow.locations import local_path, now_at
from project.tracking.mlflow.settings import embedded_path, embedded_uri

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run


def deleted(client: MlflowClient, run_id: str, exp_dir: Path | None) -> str:
    """Delete a run with its files; says what became of it, in a line.

    Args:
        client: of its store.
        run_id: MLflow's.
        exp_dir: the folder whose embedded store it is; None: a store that a person has set up,
            where it can be restored until the one who keeps that runs `mlflow gc`.
    """
    from mlflow.exceptions import MlflowException

    try:
        run = client.get_run(run_id)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return f"run {run_id} is not in the store (any more)"
    if run.info.lifecycle_stage == "active":
        client.delete_run(run_id)
    if exp_dir is None:
        return "in the trash of its store, until `mlflow gc` there"
    _remove(run, exp_dir)
    return f"deleted from {embedded_path(exp_dir)}"


def _remove(run: Run, exp_dir: Path) -> None:
    """What `mlflow gc` does with a run that is deleted."""
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    folder = embedded_path(exp_dir).parent
    uri = now_at(run.info.artifact_uri, folder)
    get_artifact_repository(uri).delete_artifacts()
    if urlsplit(uri).scheme in ("", "file"):
        with suppress(OSError):  # what others have put there stays
            local_path(uri).parent.rmdir()
    store = SqlAlchemyStore(embedded_uri(exp_dir), folder.as_uri())
    try:
        store._hard_delete_run(run.info.run_id)
    finally:
        store.engine.dispose()
