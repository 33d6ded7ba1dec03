"""The runs that runs went on from: told beside them, and what tells equal histories from others."""

from collections.abc import Mapping, Sequence
from typing import Any

from project.comparison.loading import KnownRun
from project.comparison.values import setting_of
from project.files import read_json
from project.provenance.handed_over import find_parent
from project.run_directory import RECORD

# In as many lines; more are counted.
_MOST = 6


def parent_lines(runs: Sequence[KnownRun], labels: Sequence[str]) -> list[str]:
    """A line for each run that went on from another one: from which, and after how many epochs."""
    label_of = {run.run_id: name for run, name in zip(runs, labels, strict=True)}
    lines = []
    for run, name in zip(runs, labels, strict=True):
        if parent := _parent(run.record):
            run_id = parent.get("run_id")
            who = label_of.get(run_id, f"run {run_id}")
            lines.append(f"{name} goes on from {who} after epoch {parent.get('epoch')}")
    more = [f"and {len(lines) - _MOST} more runs go on from others"] if lines[_MOST:] else []
    return lines[:_MOST] + more


def history(run: KnownRun) -> list[Any]:
    """What runs of the same settings share that went on from others: all settings before, in turn.

    Of a parent that is not here nothing is known but its id, which no other shares.
    """
    found, record = [], run.record
    while parent := _parent(record):
        found.append([parent.get("epoch"), parent.get("step")])
        directory = find_parent(str(parent.get("run_id")), [run.directory.parents[1]])
        try:
            record = read_json(directory / RECORD, "flags") if directory else {}
        except (ValueError, OSError):
            record = {}  # the parent's own damage, told where it is compared itself
        flags = record.get("flags")
        found.append(setting_of(flags) if isinstance(flags, dict) else parent.get("run_id"))
    return found


def _parent(record: Mapping[str, Any]) -> Mapping[str, Any] | None:
    parent = record.get("parent")
    return parent if isinstance(parent, dict) else None
