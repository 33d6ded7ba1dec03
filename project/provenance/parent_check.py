"""Whether what a run's record says of its parent is what that says of itself, where it is here."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from project.provenance.handed_over import find_parent
from project.provenance.record import read_outcome
from project.run_directory import LAST


def parent_check(run: Path, record: Mapping[str, Any]) -> tuple[bool | None, str]:
    """Compare a run's record with its parent's outcome.

    Args:
        run: the directory.
        record: of the run, which has a parent.
    Returns:
        Whether it is so, None where nothing could be compared; and a line that says it.
    Raises:
        ValueError: the parent's outcome is damaged.
        OSError: it can't be read.
    """
    parent = record["parent"]
    run_id, step = parent["run_id"], parent["step"]
    directory = find_parent(run_id, [run.parents[1]])
    what = f"what it took over from {run_id}"
    if directory is None:
        return None, f"{what}, which is not here"
    outcome = read_outcome(directory)
    if outcome is None or outcome.get("steps") != step:
        return None, f"{what}, which has gone on since or never ended"
    weights = (outcome.get("weights") or {}).get(LAST)
    if weights is None:
        return None, f"{what}, whose weights have no hash"
    same = weights == record["start"]["weights"]
    began = "it began with the weights that" if same else "it began with other weights than"
    return same, f"{began} {run_id} had at step {step}"
