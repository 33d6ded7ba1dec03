"""The data set that a run was trained on, as an input of it in MLflow."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from project.tracking.mlflow.layout import dataset

if TYPE_CHECKING:
    from mlflow import MlflowClient

# How SQLite and PostgreSQL say that there is such a row already.
_THERE = re.compile(r"UNIQUE constraint failed|UniqueViolation")


def send_dataset(client: MlflowClient, run_id: str, data: Mapping[str, Any]) -> None:
    """Say which data a run was trained on.

    Args:
        client: MLflow's.
        run_id: MLflow's.
        data: as a run's record has it.

    Raises:
        MlflowException: it can't be written.
    """
    from mlflow.entities import Dataset, DatasetInput, InputTag
    from mlflow.exceptions import MlflowException

    context = [InputTag("mlflow.data.context", "training")]
    inputs = [DatasetInput(Dataset(**dataset(data)), context)]
    try:
        client.log_inputs(run_id, inputs)
    except MlflowException as error:
        # MLflow looks for the data set and then writes it; another run has done so in between.
        if not _THERE.search(str(error)):
            raise
        client.log_inputs(run_id, inputs)
