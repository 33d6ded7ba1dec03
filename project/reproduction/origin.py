"""The run that is meant: in the experiments' folder, or fetched from an MLflow store."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from project.provenance.find import find_run
from project.reproduction.expected import Recorded, read_run

_MLFLOW_ID = re.compile(r"(?:.*/)?(?P<id>[0-9a-f]{32})/?")


def find(exp_dir: Path, reference: str) -> tuple[Recorded, Path | None]:
    """The run, and its directory; None for one whose copy in an MLflow store is meant.

    Args:
        exp_dir: holds all experiments, and the store that an id without an address is looked for
            in, unless MLFLOW_TRACKING_URI names another.
        reference: what `find_run` takes, or the id or the web address of a run in an MLflow store.
    Raises:
        ValueError: there is no such run, or its store lacks what a reproduction needs.
    """
    meant = _MLFLOW_ID.fullmatch(reference)
    if meant is None or Path(reference).is_dir():
        directory = find_run(exp_dir, reference)
        return read_run(directory), directory
    from project.tracking.mlflow import FETCHED, fetch

    with tempfile.TemporaryDirectory(prefix="mlflow-run-") as folder:
        address = reference.partition("/#/")[0] if "://" in reference else None
        copy = fetch(meant["id"], Path(folder), exp_dir, address)
        return read_run(copy, only=FETCHED), None
