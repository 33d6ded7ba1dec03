"""The outcome of a run, as it is at its end."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from project.provenance._creation import iso
from project.provenance.later import Later
from project.provenance.memory import peak_memory
from project.provenance.redact import Redactor
from project.provenance.schema import SCHEMA
from project.run_directory import CHECKPOINTS, RECORD


def make_outcome(
    record: Mapping[str, Any],
    files: Mapping[str, str],
    status: str,
    *,
    error: str | None,
    duration: float,
    best: Mapping[str, Any] | None,
    test: Mapping[str, Any] | None,
    epochs: int,
    steps: int,
    weights: Mapping[str, str],
    later: Later,
) -> dict[str, Any]:
    """The content of `outcome.json` but for its seal; arguments as of `Run.finish`.

    Args:
        record: Of the run.
        files: The hash of each of the run's files.
        duration: In seconds, of all stages.
    """
    checkpoints = {
        Path(name).name: digest
        for name, digest in files.items()
        if Path(name).match(f"{CHECKPOINTS}/*.pt")
    }
    return {
        "schema": SCHEMA,
        "run_id": record["run_id"],
        "status": status,
        "error": Redactor().redact_json(error),
        "started": record["created"],
        "ended": iso(datetime.now(UTC)),
        "duration": duration,
        "epochs": epochs,
        "steps": steps,
        "best": best,
        "test": test,
        "checkpoints": checkpoints,
        "weights": dict(weights),
        **later.describe(),
        "peak_memory": peak_memory(),
        "record": files[RECORD],
        "files": files,
    }
