"""Whether the checkpoints of a run hold what its record and outcome say; this loads PyTorch."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from project.cli.roles import FREE_ON_RESUME
from project.files import json_text
from project.provenance.redact import same_texts
from project.provenance.run import SETTLED
from project.run_directory import CHECKPOINTS, LAST
from project.words.names import some


def weights_faults(
    run: Path, record: Mapping[str, Any], outcome: Mapping[str, Any]
) -> tuple[int, list[str]]:
    """Compare each checkpoint's weights with their recorded hash, and its settings with the record.

    Args:
        run: the directory.
        record: of the run.
        outcome: likewise; checkpoints whose weights it has no hash of are passed over.

    Returns:
        How many hold what was recorded; and a line for each thing that is not so.
    """
    recorded = outcome.get("weights") or {}
    there = {n: h for n, h in recorded.items() if (run / CHECKPOINTS / n).is_file()}
    if not there:
        return 0, []
    # Takes seconds, which a run without checkpoints need not wait for.
    from project.training import checkpoint
    from project.training.digest import digest

    n, found = 0, []
    for name, known in there.items():
        try:
            state = checkpoint.load(run / CHECKPOINTS / name)
        except (ValueError, OSError) as error:
            found.append(str(error).replace(f"{run}{os.sep}", ""))
            continue
        faults = _state_faults(state, record, outcome, name)
        if digest(state["model"]) != known:
            faults.insert(0, "holds other weights than those recorded")
        found += [f"{CHECKPOINTS}/{name} {fault}" for fault in faults]
        n += not faults
    return n, found


def _state_faults(
    state: Mapping[str, Any],
    record: Mapping[str, Any],
    outcome: Mapping[str, Any],
    name: str,
) -> list[str]:
    found, data = [], record["data"]
    settings, flags = state["hyperparameters"], record["flags"]
    other = [
        key
        for key, value in settings.items()
        if key in flags and key not in FREE_ON_RESUME and json_text(value) != json_text(flags[key])
    ]
    if other:
        found.append(f"was made with other flags than the record's: {some(other)}")
    if "classes" in data and not same_texts(state["classes"], data["classes"]):
        found.append("has other classes of the data than the record")
    for key in ("shape", "mean", "std"):
        if key in data and json_text(state[key]) != json_text(data[key]):
            found.append(f"has another {key} of the data than the record")
    # One that failed may not have come to write its last.
    if outcome["status"] in SETTLED:
        if "best" in state and json_text(state["best"]) != json_text(outcome.get("best")):
            found.append("names another best score than the outcome")
        if name == LAST and state.get("step") != outcome.get("steps"):
            found.append(f"is of step {state.get('step')}, the outcome's {outcome.get('steps')}")
    return found
