"""A model put into MLflow's registry, under the run that it is of."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from project.cli.shell import command, exp_dir_flag
from project.deployment.metadata import as_texts
from project.deployment.mlflow.model import NAME
from project.tracking.mlflow.experiment import final
from project.tracking.mlflow.locations import now_at
from project.tracking.mlflow.settings import embedded_path, given_uri
from project.tracking.mlflow.store import embedded_store, open_client
from project.tracking.state import State

if TYPE_CHECKING:
    from mlflow import MlflowClient

_TOLD = ("run_id", "weights_hash", "data_hash", "license", "precision", "task")


def mlflow_id(run: Path) -> str:
    """MLflow's id of a run.

    Raises:
        ValueError: it was not sent there.
    """
    found = State.load(run, "mlflow").remote.get("id")
    if found is None:
        sync = command("sync", run.name, "--tracker", "mlflow", *exp_dir_flag(run.parents[1]))
        raise ValueError(
            f"run {run.name} is not in an MLflow store, which --register needs: {sync}"
        )
    return str(found)


@final
def register(run: Path, folder: Path, name: str, metadata: Mapping[str, Any]) -> str:
    """Keep a model with its run in the store, and make it a version of a registered one.

    Args:
        run: the directory.
        folder: of the model.
        name: in the registry; a new one is made.
        metadata: of `metadata_of`.

    Returns:
        Where it is, `models:/NAME/VERSION`.

    Raises:
        ValueError: the run is not there, or MLflow refuses the name; in a line.
    """
    from mlflow.exceptions import MlflowException

    exp_dir = run.parents[1]
    client = open_client(given_uri() or embedded_store(exp_dir))
    try:
        place = _kept(client, mlflow_id(run), folder, exp_dir)
        tags = {k: v for k, v in as_texts(metadata).items() if k in _TOLD and v}
        if not client.search_registered_models(f"name = '{name}'"):
            client.create_registered_model(name)
        made = client.create_model_version(name, place, run_id=mlflow_id(run), tags=tags)
    except MlflowException as error:
        if error.error_code == "INVALID_PARAMETER_VALUE" or "RESOURCE" in str(error.error_code):
            raise ValueError(f"--register {name}: {error.message}") from error
        raise
    return f"models:/{name}/{made.version}"


def _kept(client: MlflowClient, run_id: str, folder: Path, exp_dir: Path) -> str:
    """The location of the model among the artifacts of the MLflow run, to which it is added."""
    uri = client.get_run(run_id).info.artifact_uri
    if given_uri() is None:
        from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

        uri = now_at(uri, embedded_path(exp_dir).parent)
        get_artifact_repository(uri).log_artifacts(str(folder), NAME)
    else:
        client.log_artifacts(run_id, str(folder), NAME)
    return f"{uri}/{NAME}"
