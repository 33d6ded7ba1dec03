"""Before anything is recorded, the processes of a run see whether all are about to do the same."""

import socket
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch.distributed as dist

from project import checkpoint
from project.build import Parts
from project.fields import flag_name
from project.plan import Plan
from project.provenance import data_changes
from project.provenance.environment import environment
from project.provenance.imported import imported_sources
from project.provenance.redact import Redactor
from project.provenance.software import Software
from project.root import ROOT

# Flags that say where things are on a machine, or what the first process alone does.
_OWN = {"exp_dir", "data_dir", "num_workers", "devices", "resume", "description", "tags", "tracker"}
_OWN |= {
    "neptune_mode",
    "require_clean",
    "accept_changes",
    "profile",
    "checkpoint",
    "rendezvous_timeout",
}
# In one line; the rest is counted.
_MOST = 6


class Sheet(NamedTuple):
    """What one process is about to do.

    Attributes:
        host: its machine.
        flags: the values of those that must be the same.
        start: the run, step and weights that it goes on from.
        sources: see `imported_sources`.
        software: Python and the installed packages.
        data: `Data.describe()`.
    """

    host: str
    flags: Mapping[str, Any]
    start: dict[str, Any]
    sources: Mapping[str, str]
    software: Mapping[str, Any]
    data: Mapping[str, Any]


def disagreement(plan: Plan, parts: Parts, state: Mapping[str, Any] | None) -> str | None:
    """Let the processes, which have met, compare; the same line in each if one is unlike the rest.

    A single process pays nothing.

    Args:
        plan: what this process is to do.
        parts: what it has built for that.
        state: the checkpoint that it starts from, if any.
    """
    trainer = parts.trainer
    if trainer.world_size == 1:
        return None
    sheets = _gathered(sheet(plan, parts, state), trainer.world_size)
    files: list[Any] = [None] * len(sheets)
    if any(other.data["hash"] != sheets[0].data["hash"] for other in sheets):
        own = parts.dataset.files
        files = _gathered(dict(own.hashes()) if own else None, trainer.world_size)
    found = [
        differences(sheets[0], other, files[0], names)
        for other, names in zip(sheets, files, strict=True)
    ]
    why = told(sheets, found)
    if why is not None:
        dist.destroy_process_group()
    return why


def sheet(plan: Plan, parts: Parts, state: Mapping[str, Any] | None) -> Sheet:
    """This process's own."""
    flags = {k: v for k, v in plan.hparams.to_values().items() if k not in _OWN}
    start: dict[str, Any] = {}
    if state is not None and plan.source is not None:
        start = {"weights": checkpoint.weights_hash(plan.source)}
    if state is not None and plan.resume is not None:
        start |= {"run": plan.resume.name, "epoch": state["epoch"], "step": state["step"]}
    software = {k: v for k, v in environment().items() if k != "variables"}
    data = parts.dataset.describe()
    sources = imported_sources(ROOT)
    return Sheet(socket.gethostname(), flags, start, sources, software, data)


def differences(
    first: Sheet,
    other: Sheet,
    first_files: Mapping[str, str] | None = None,
    other_files: Mapping[str, str] | None = None,
) -> list[str]:
    """What one process is about to do unlike the first, a line each.

    Args:
        first: of the first process.
        other: of the other.
        first_files: hash of each file of its data by name, where that is known.
        other_files: likewise.
    """
    found = [
        f"{flag_name(name)} is {other.flags.get(name)}, not {value}"
        for name, value in first.flags.items()
        if other.flags.get(name) != value
    ]
    found += [
        f"it starts from another {name}: {other.start.get(name, 'none')}, not"
        f" {first.start.get(name, 'none')}"
        # One of them may start anew.
        for name in (first.start | other.start)
        if other.start.get(name) != first.start.get(name)
    ]
    # The first process alone imports what records and tells.
    both = first.sources.keys() & other.sources.keys()
    found += [
        f"{name} is another" for name in sorted(both) if first.sources[name] != other.sources[name]
    ]
    software = Software(ROOT, sorted(both))
    found += [
        difference.line
        for difference in software.differing(first.software, other.software)
        if software.matters(difference)
    ]
    return found + data_changes.differences(first.data, other.data, first_files, other_files)


def told(sheets: Sequence[Sheet], found: Sequence[Sequence[str]]) -> str | None:
    """The line for people; None if nothing differs.

    Args:
        sheets: of all processes, by rank.
        found: what each is about to do unlike the first.
    """
    unlike = [rank for rank, lines in enumerate(found) if lines]
    if not unlike:
        return None
    rank, lines = unlike[0], found[unlike[0]]
    rest = f"; and {len(lines) - _MOST} more" if len(lines) > _MOST else ""
    more = f" ({len(unlike) - 1} more processes differ)" if len(unlike) > 1 else ""
    text = (
        f"process {rank} on {sheets[rank].host} is not like the first, on {sheets[0].host}:"
        f" {'; '.join(lines[:_MOST])}{rest}{more}; start all with the same flags, code, packages"
        " and data"
    )
    return " ".join(Redactor().redact(text).split())


def _gathered(own: Any, world_size: int) -> list[Any]:
    """What every process has, by rank."""
    everyone = [None] * world_size
    dist.all_gather_object(everyone, own)
    return everyone
