"""The MLflow experiment that a run goes into; and refusals, which no later try would mend."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from project.tracking.mlflow.settings import ADDRESS
from project.tracking.mlflow.store import advice

if TYPE_CHECKING:
    from mlflow import MlflowClient

CHOSEN, PROJECT = "MLFLOW_EXPERIMENT_NAME", "NEPTUNE_PROJECT"
# Where `project.serve` puts a project's models.
MODELS = " models"
MOST = 1000  # experiments that a server names at once
REFUSED = "PERMISSION_DENIED"
# What a server answers that lets nobody in, and one that is none of MLflow's.
UNKNOWN = ("UNAUTHENTICATED", "CUSTOMER_UNAUTHORIZED")
ELSEWHERE = "ENDPOINT_NOT_FOUND"


def experiment_on_server(client: MlflowClient, exp_name: str) -> str:
    """The id of the experiment in a store that a person has set up.

    It is that of MLFLOW_EXPERIMENT_NAME, or has the run's own name, and is made if it isn't there.
    Where that is refused, as to members of a project of `project.serve`, the project stands for it:
    that of NEPTUNE_PROJECT, or the only one that the account has.

    Raises:
        ValueError: it was deleted, or none can be chosen.
    """
    from mlflow.exceptions import MlflowException

    chosen = os.environ.get(CHOSEN)
    try:
        return experiment(client, chosen or exp_name)
    except MlflowException as error:
        if error.error_code != REFUSED:
            raise
    known = _open_to(client)
    project = os.environ.get(PROJECT)
    if not chosen and project in known:
        return known[project]
    if not chosen and len(known) == 1:
        return next(iter(known.values()))
    raise ValueError(_no_choice(f"{CHOSEN}={chosen}" if chosen else exp_name, sorted(known)))


def experiment(client: MlflowClient, name: str, location: str | None = None) -> str:
    """The id of the experiment of this name, made if it isn't there.

    Args:
        client: of the store.
        name: the experiment's.
        location: for its files; None for the store's own.
    Raises:
        ValueError: it was deleted.
    """
    from mlflow.exceptions import MlflowException

    known = client.get_experiment_by_name(name)
    if known is None:
        try:
            return client.create_experiment(name, location)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
            known = client.get_experiment_by_name(name)
    if known.lifecycle_stage == "deleted":
        raise ValueError(
            f"MLflow experiment {name!r} was deleted: run `mlflow experiments restore"
            f" --experiment-id {known.experiment_id}`, or use another --exp-name"
        )
    return known.experiment_id


def final(function: Callable[..., Any]) -> Callable[..., Any]:
    """Turn what no later try would mend into a ValueError, which is said once, with what to do."""

    @functools.wraps(function)
    def checked(*arguments: Any, **named: Any) -> Any:
        try:
            return function(*arguments, **named)
        except Exception as error:  # it goes on as it is, unless there is advice
            told = remedy(error)
            if told is None:
                raise
            raise ValueError(told) from error

    return checked


def remedy(error: Exception) -> str | None:
    """What to do about an error that no later try would mend; None for one that may pass."""
    return advice(error) or _refusal(error)


def _open_to(client: MlflowClient) -> dict[str, str]:
    """The experiments that the account sees, without those of models."""
    found = {e.name: e.experiment_id for e in client.search_experiments(max_results=MOST)}
    models = {name + MODELS for name in found}
    return {name: id_ for name, id_ in found.items() if name not in models}


def _no_choice(refused: str, known: list[str]) -> str:
    if not known:
        return (
            f"the MLflow server lets the account make no experiment ({refused}), and it has no"
            " project there: have an admin run `python -m project.serve token create NAME --project"
            " WORKSPACE/PROJECT`"
        )
    return (
        f"the MLflow server lets the account make no experiment ({refused}): choose one of"
        f" {', '.join(known[:10])} by {CHOSEN}"
    )


def _refusal(error: Exception) -> str | None:
    """What to do about a server's refusal; None for what may pass."""
    status = getattr(getattr(error, "response", None), "status_code", None)  # of files
    code = getattr(error, "error_code", None)
    if code in UNKNOWN or status == 401:
        return (
            "the MLflow server doesn't know this account: set MLFLOW_TRACKING_USERNAME and"
            " MLFLOW_TRACKING_PASSWORD as `python -m project.serve token create` printed them"
        )
    if code == REFUSED or status == 403:
        said = " ".join(str(getattr(error, "message", error)).split())[:120]
        return f"the MLflow server refuses it ({said}): ask for a role there, or set {CHOSEN}"
    if code == ELSEWHERE:
        return f"what answers at the address in {ADDRESS} is no MLflow server (404): correct it"
    return None
