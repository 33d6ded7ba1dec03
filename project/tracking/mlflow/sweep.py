"""A sweep as MLflow's parent of its runs, which its page shows below it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

# MLflow's own name for what makes a run another's child.
PARENT = "mlflow.parentRunId"
# Ours, of the parent, which is no run of ours.
SWEEP = "sweep_id"


def tags_of(record: dict[str, Any]) -> dict[str, str]:
    """By which a run of a sweep is found."""
    told = record.get("sweep") or {}
    return {f"sweep_{key}": str(value) for key, value in told.items() if key != "id"}


def parent(client: MlflowClient, experiment: str, record: dict[str, Any], start: int) -> str:
    """The id of the parent of a sweep's runs, made if it isn't there.

    Args:
        client: of the store.
        experiment: id of the experiment.
        record: of one of the runs.
        start: when that one began, in milliseconds.
    """
    told = record["sweep"]
    if not (found := _parents(client, experiment, told["id"])):
        tags = {SWEEP: told["id"], "sweep_name": told["name"], "mlflow.user": record["user"]}
        tags["mlflow.note.content"] = "a sweep; below it are its runs"
        made = client.create_run(experiment, start, tags, run_name=told["name"])
        found = _parents(client, experiment, told["id"])
        # Another machine may have made one just now: all keep to the first.
        if found and found[0].info.run_id != made.info.run_id:
            client.delete_run(made.info.run_id)
    return found[0].info.run_id


def ended(client: MlflowClient, parent: str, end: int | None) -> None:
    """Let the sweep last until the end of the latest of its runs, in milliseconds."""
    known = client.get_run(parent).info.end_time or 0
    if end is not None and end > known:
        client.set_terminated(parent, "FINISHED", end)


def _parents(client: MlflowClient, experiment: str, sweep: str) -> list[Run]:
    """Those there are, the one that all keep to first."""
    found = client.search_runs([experiment], f"tags.{SWEEP} = '{sweep}'", max_results=100)
    return sorted(found, key=lambda run: (run.info.start_time, run.info.run_id))
