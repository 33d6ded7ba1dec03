"""The run that a new one goes on from: what it hands over, and what may not be another then."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from project import run_directory
from project.cli.fields import flag_name, recorded
from project.cli.flag_values import RETIRED
from project.cli.roles import FREE_AFTER_PARENT, NEUTRAL_FLAGS, NOT_TAKEN_OVER
from project.cli.totals import nothing_left
from project.files import json_text, read_json
from project.hyperparameters import BY_NAME, Hyperparameters, section_of
from project.plugs import args_of, brief, chosen, flat
from project.provenance.find import find_run
from project.provenance.keeping import put_back, why_not_kept
from project.provenance.record import read_outcome
from project.provenance.repetitions import without_mark
from project.provenance.run import SETTLED, status
from project.words.recipes import is_kept, short

# What may be no other than in the parent, and why.
_LENGTH = {"max_epochs", "max_steps", "early_stopping"}
_OPTIMIZER = "its optimizer's state fits no other"
_SPLIT = "with other data, or another split of them, what it held out could train"
_FIXED = {"optimizer": _OPTIMIZER, "share": _OPTIMIZER, "seed": _SPLIT, "overfit_batches": _SPLIT}
_WHY = {"data": _SPLIT, "model": "its weights fit no other model"}


def named(exp_dir: Path, reference: str) -> tuple[Path, str]:
    """The run that `reference` means, and what names it for good: its id, or else its directory.

    Raises:
        ValueError: there is none, or more than one.
    """
    directory = Path(os.path.abspath(find_run(exp_dir, reference)))
    inside = directory.parents[1] == Path(os.path.abspath(exp_dir))
    return directory, directory.name if inside else str(directory)


def flags_found(exp_dir: str, reference: str) -> tuple[str, dict[str, Any]]:
    """How to name a run that `reference` means, and the flags that a new one takes over from it.

    Raises:
        ValueError: there is no such run, or its record is damaged.
    """
    directory, name = named(Path(exp_dir), reference)
    return name, taken_flags(directory)


def taken_flags(directory: Path) -> dict[str, Any]:
    """The plain values of the flags that a new run takes over from a recorded one, by name.

    Raises:
        ValueError: its record is damaged.
    """
    path = directory / run_directory.RECORD
    flags = read_json(path, "flags")["flags"]
    if not isinstance(flags, dict):
        raise ValueError(f"{path} is damaged: its flags are no object")
    found = {name: value for name, value in flags.items() if name not in NOT_TAKEN_OVER | RETIRED}
    if isinstance(tags := found.get("tags"), list):
        found["tags"] = without_mark([tag for tag in tags if isinstance(tag, str)])
    return found


def check_parent(directory: Path, hparams: Hyperparameters) -> None:
    """Refuse what can be known without PyTorch: a run that a new one can't go on from.

    Raises:
        ValueError: it is running, has no last checkpoint or nothing left to train, or the new run
            is to have another model, optimizer, data or split; a line for each thing.
    """
    state = status(directory)
    if state == "running":
        raise ValueError(f"--from {directory.name}: it is still running; wait, or stop it first")
    if state not in SETTLED:
        put_back(directory)
    if not run_directory.last(directory).exists():
        raise ValueError(f"--from {directory.name}: {_without_last(directory)}")
    flags = read_json(directory / run_directory.RECORD, "flags")["flags"]
    lines = list(_differences(directory.name, flags, hparams))
    if outcome := read_outcome(directory):
        done = outcome.get("epochs", 0), outcome.get("steps", 0)
        if left := nothing_left(directory.name, *done, hparams):
            resumed = f"; --resume {directory.name} does what it has left" * (state not in SETTLED)
            lines.append(f"{left}{resumed}")
    if lines:
        raise ValueError("\n".join(lines))


def _without_last(directory: Path) -> str:
    if why := why_not_kept(directory, run_directory.LAST):
        return why
    if run_directory.best(directory).exists():
        fix = f"--checkpoint {directory.name} starts a new run from its best weights"
        return f"it has no {run_directory.LAST}, with its optimizer's state; {fix}"
    return f"it has no {run_directory.LAST} to go on from; start anew: --config {directory.name}"


def _differences(parent: str, then: Mapping[str, Any], hparams: Hyperparameters) -> Iterator[str]:
    now = hparams.to_values()
    for name in BY_NAME:
        why = _FIXED.get(name) or _WHY.get(section_of(name))
        # Older records don't have every flag: then it was as it is by default.
        before = then.get(name, _default(name))
        if why and name not in FREE_AFTER_PARENT and json_text(before) != json_text(now[name]):
            yield _refusal(parent, name, before, now[name], why)
    rates = then.get("learning_rate"), now["learning_rate"]
    if hparams.from_schedule == "hold" and rates[0] != rates[1]:
        yield f"--from-schedule hold keeps the last rate: leave --learning-rate {rates[1]:g} out"
    kinds = chosen(now)
    for kind in ("data", "model"):
        for plug in kinds[kind]:
            old, new = (values.get("plugs", {}).get(plug, {}) for values in (then, now))
            for name in new:
                if name in old and json_text(old[name]) != json_text(new[name]):
                    yield _refusal(parent, name, old[name], new[name], _WHY[kind])
        yield from _arguments(parent, kind, then, now)


def _arguments(
    parent: str, kind: str, then: Mapping[str, Any], now: Mapping[str, Any]
) -> Iterator[str]:
    """The arguments that the object of a kind has now and had not, or with another value."""
    old, new = (values.get("plugs", {}).get(now[kind], {}) for values in (then, now))
    for name in {**old, **new} if ":" in now[kind] else ():
        if name not in old or name not in new or json_text(old[name]) != json_text(new[name]):
            values = [own[name] if name in own else "its default" for own in (old, new)]
            yield _refusal(parent, f"{args_of(kind, now[kind])}{name}", *values, _WHY[kind])


def changed_flags(then: Mapping[str, Any], hparams: Hyperparameters) -> list[str]:
    """The flags on which training depends that are others than a parent's, as a person reads them.

    Args:
        then: the parent's, as its record has them.
        hparams: of the new run.
    """
    before, now = flat(then), flat(hparams.to_values())
    known = NEUTRAL_FLAGS | NOT_TAKEN_OVER | _LENGTH
    found = []
    for name in now:
        if name not in before and name not in BY_NAME and ".args." not in name:
            continue  # of a plug that the parent had not, which is told
        old = before.get(name, _default(name) if name in BY_NAME else None)
        if name not in known and json_text(old) != json_text(now[name]):
            found.append(f"{flag_name(name)} {_text(now[name])} (was {_text(old)})")
    return found


def _default(name: str) -> Any:
    return recorded(BY_NAME[name], BY_NAME[name].default)


def _refusal(parent: str, name: str, then: Any, now: Any, why: str) -> str:
    return (
        f"--from {parent}: {flag_name(name)} was {_text(then)} there, not {_text(now)}: {why};"
        f" leave it out, or start anew with its other flags: --config {parent}"
    )


def _text(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str) and is_kept(value):
        return short(value)
    return " ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(brief(value))
