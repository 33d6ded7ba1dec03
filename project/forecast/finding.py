"""Which of the wanted runs are there already: finished, or to be gone on with."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from project.cli.roles import FREE_ON_RESUME, NEUTRAL_FLAGS
from project.files import json_text
from project.forecast.asking import Asked, Wanted
from project.provenance.record import read_record
from project.provenance.run import status
from project.run_directory import last, runs_in

# What may be another in a run that is taken for one. Averages of weights are callbacks: they are
# what is validated.
_FREE = (NEUTRAL_FLAGS | FREE_ON_RESUME | {"memory_limit"}) - {"callback", "exp_name"}


class Found(NamedTuple):
    """What is there of the wanted runs.

    Attributes:
        finished: their directories.
        begun: those that were killed or interrupted, with a checkpoint to go on from.
    """

    finished: dict[Wanted, Path]
    begun: dict[Wanted, Path]


def find(asked: Asked) -> Found:
    """Look through the experiment's runs, the oldest first.

    Raises:
        ValueError: a run's files are damaged.
    """
    wanted = {_key(asked.hparams(each).to_values()): each for each in asked.runs}
    found = Found({}, {})
    for directory in sorted(runs_in(asked.experiment)):
        each = wanted.get(_key(read_record(directory, whole=False)["flags"]))
        if each is None:
            continue
        state = status(directory)
        if state == "finished":
            found.finished.setdefault(each, directory)
        elif state in ("lost", "interrupted") and last(directory).exists():
            found.begun[each] = directory
    for each in found.finished:
        found.begun.pop(each, None)
    return found


def _key(flags: Mapping[str, Any]) -> str:
    """All that a run computes from, as a text; records of former versions lack what came since."""
    return json_text({name: flags[name] for name in sorted(flags) if name not in _FREE})


def strangers(records: Iterable[Mapping[str, Any]]) -> list[str]:
    """What keeps runs from being points of one curve, a line each.

    Their validation samples are the same for a seed, whatever the share of those that train.
    """
    lines: list[str] = []
    first: dict[int, tuple[str, Any]] = {}
    for record in records:
        own = record["run_id"], record["data"]["hashes"]["val"]
        run, content = first.setdefault(record["seed"], own)
        if content != own[1]:
            lines.append(
                f"the validation samples of run {own[0]} are not those of {run}, with the same"
                " seed: the data has changed; give another --exp-name, or remove the older runs"
            )
    return lines


def codes(records: Sequence[Mapping[str, Any]]) -> int:
    """How many versions of the code the runs have computed with, as far as they say."""
    hashes: list[dict[str, str]] = []
    for record in records:
        own = record["sources"] or {}
        if not any(_same(own, other) for other in hashes):
            hashes.append(own)
    return len(hashes)


def _same(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    return all(one[name] == other[name] for name in one.keys() & other.keys())
