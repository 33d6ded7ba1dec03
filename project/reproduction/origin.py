"""The run that is meant: in the experiments' folder, or fetched from an MLflow store."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from project.provenance.find import find_run
from project.provenance.run import status
from project.reproduction.expected import Recorded, read_run

_MLFLOW_ID = re.compile(r"(?:.*/)?(?P<id>[0-9a-f]{32})/?")


@dataclass(frozen=True)
class Stored:
    """A run of an MLflow store.

    Attributes:
        run_id: MLflow's.
        exp_dir: whose embedded store is meant if there is no address.
        address: of the store.
    """

    run_id: str
    exp_dir: Path
    address: str | None


def find(exp_dir: Path, reference: str) -> tuple[Recorded, Path | Stored]:
    """The run, and where it is: its directory, or its copy in an MLflow store.

    Args:
        exp_dir: holds all experiments, and the store that an id without an address is looked for
            in, unless MLFLOW_TRACKING_URI names another.
        reference: what `find_run` takes, or the id or the web address of a run in an MLflow store.
    Raises:
        ValueError: there is no such run, it still goes on or logged nothing, or its store lacks
            what a reproduction needs.
    """
    meant = _MLFLOW_ID.fullmatch(reference)
    if meant is None or Path(reference).is_dir():
        directory = find_run(exp_dir, reference)
        if status(directory) == "running":
            raise ValueError(f"run {directory.name} is still running; wait for its end")
        return _checked(read_run(directory)), directory
    from project.tracking.mlflow.fetch import FILES, fetch

    address = reference.partition("/#/")[0] if "://" in reference else None
    with tempfile.TemporaryDirectory(prefix="mlflow-run-") as folder:
        copy = fetch(meant["id"], Path(folder), exp_dir, address)
        return _checked(read_run(copy, only=FILES)), Stored(meant["id"], exp_dir, address)


def _checked(run: Recorded) -> Recorded:
    if not run.points:
        error = (run.outcome or {}).get("error")
        why = f"it failed: {error}" if error else f"it is {run.status}"
        raise ValueError(f"run {run.run_id} logged no value that could come out again ({why})")
    return run
