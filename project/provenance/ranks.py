"""Before anything is recorded, the ranks of a run see whether all are about to do the same."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import torch.distributed as dist

from project.cli.fields import flag_name
from project.files.root import ROOT
from project.provenance import data_changes
from project.provenance.redact import Redactor
from project.provenance.software import Software

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


def disagreement(
    own: Sheet, files: Callable[[], dict[str, str] | None], world_size: int
) -> str | None:
    """Let the processes, which have met, compare; the same line in each if one is unlike the rest.

    Args:
        own: what this process is about to do.
        files: gives the hash of each file of its data by name, where that is known; asked only if
            the data differ.
        world_size: how many compare.
    """
    sheets = _gathered(own, world_size)
    by_rank: list[Any] = [None] * len(sheets)
    if any(other.data["hash"] != sheets[0].data["hash"] for other in sheets):
        by_rank = _gathered(files(), world_size)
    found = [
        differences(sheets[0], other, by_rank[0], names)
        for other, names in zip(sheets, by_rank, strict=True)
    ]
    why = told(sheets, found)
    if why is not None:
        dist.destroy_process_group()
    return why


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
