"""The list of runs, as the server's page and the one in a file show it: labels, columns, cells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2s
from typing import Any

from project.cli.roles import NEUTRAL_FLAGS
from project.comparison import metric_names
from project.comparison.flat import differ
from project.comparison.labels import marked, short_id, telling_flags
from project.comparison.values import (
    Values,
    code_mark,
    data_mark,
    is_number,
    setting_of,
    status_text,
)
from project.hyperparameters import BY_NAME
from project.provenance import repetitions
from project.scores import guessed

# Columns of scores, of those that most of the runs have, and of flags that differ.
SCORES, FLAGS = 4, 12
# What is shown in a way of its own; other columns hold numbers or texts.
KINDS = {"status": "status", "age": "age", "duration": "seconds", "sha": "code"}
KINDS |= {"data_hash": "data", "tags": "tags", "note": "note"}
_LAST_OF_ALL = ("tags", "note", "sha", "data_hash")
# What a run came to, before other scores.
_LEADING = ("accuracy", "iou", "dice", "loss")


@dataclass(frozen=True)
class Listed:
    """One run, as a list knows it.

    Attributes:
        id: by which the page asks for it.
        name: its id if it is of this project, else what it is called.
        ours: whether it is of this project.
        values: by which it is filtered and sorted.
        flags: its flags as texts.
        last: scores that are the last ones logged, for want of the best checkpoint's.
        more: further members of the row.
    """

    id: str
    name: str
    ours: bool
    values: Values
    flags: Mapping[str, str]
    last: frozenset[str] = frozenset()
    more: Mapping[str, Any] | None = None


def tabled(runs: Sequence[Listed], names: Sequence[str], scores: Iterable[str]) -> dict[str, Any]:
    """Columns and rows.

    Args:
        runs: in their order.
        names: of the columns.
        scores: which names are those of scores.
    Returns:
        `columns`: of each its `name`, `kind` (status, age, seconds, code, data, tags, note, number
        or text) and, of a score, which way it is `better`; `rows`: of each run its `id`, `label`
        and that without the seed (`group`), `short` id, `name`, whether it has `finished`, `seed`,
        `tags`, `note`, the `values` of the columns, the indices of those that are the `last` ones
        logged, and what its `more` says; whether any is `running`.
    """
    known = set(scores)
    columns = [_column(name, runs, known) for name in names]
    labels = _labels(runs)
    rows = [_row(run, told, names) for run, told in zip(runs, labels, strict=True)]
    running = any(run.values.get("status") == "running" for run in runs)
    return {"columns": columns, "rows": rows, "running": running}


def usual_columns(runs: Sequence[Listed], scores: Sequence[str], asked: Iterable[str]) -> list[str]:
    """The columns of a list for which nobody has chosen any.

    Args:
        runs: of the list.
        scores: the names of all scores, those first that matter most.
        asked: names that a person has asked about.
    """
    having = {name: sum(run.values.get(name) is not None for run in runs) for name in scores}
    # Where few runs have a score, its column would be empty for most.
    often = [name for name in scores if 3 * having[name] >= len(runs)]
    rare = [name for name in scores if having[name] and name not in often]
    varying = varying_flags([run.flags for run in runs])
    told = [name for name in _LAST_OF_ALL if _tells(name, runs)]
    named = [name for name in asked if any(run.values.get(name) is not None for run in runs)]
    experiments = ["exp_name"] if differ(run.values.get("exp_name") for run in runs) else []
    found = ["status", *named, *(often + rare)[:SCORES], "age", "duration", *experiments]
    return list(dict.fromkeys([*found, *varying[:FLAGS], *told]))


def by_importance(scores: Iterable[str], monitors: Iterable[str] = ()) -> list[str]:
    """Scores that are not of one class, those that were monitored first."""
    apart = (metric_names.PER_CLASS, metric_names.SYSTEM)
    plain = [name for name in scores if metric_names.group(name) not in apart]
    plain = [name for name in plain if not name.endswith("_error_bound")]
    first = [name for name in dict.fromkeys(monitors) if name in plain]
    return list(dict.fromkeys([*first, *sorted(plain, key=_rank)]))


def varying_flags(flags: Sequence[Mapping[str, str]]) -> list[str]:
    """Flags that differ between runs that have them, the seed last."""
    known = dict.fromkeys([*BY_NAME, *(name for own in flags for name in own)])
    found = [n for n in known if n not in NEUTRAL_FLAGS and n != "n_parameters"]
    found = [n for n in found if len({own[n] for own in flags if n in own}) > 1]
    return sorted(found, key=lambda name: name == "seed")


def setting(flags: Mapping[str, str], code: Iterable[Any]) -> str | None:
    """The same for runs whose flags and code are, but for the seed; None for one without a seed."""
    if "seed" not in flags:
        return None
    told = sorted(setting_of(flags).items()), *map(str, code)
    return blake2s(repr(told).encode(), digest_size=8).hexdigest()


def _column(name: str, runs: Sequence[Listed], scores: set[str]) -> dict[str, Any]:
    if name in KINDS:
        return {"name": name, "kind": KINDS[name]}
    number = name in scores or any(is_number(run.values.get(name)) for run in runs)
    told = {"name": name, "kind": "number" if number else "text"}
    return told | ({"score": True, "better": guessed(name)} if name in scores else {})


def _row(run: Listed, told: tuple[str, str], names: Sequence[str]) -> dict[str, Any]:
    values, (label, group) = run.values, told
    original = repetitions.original({"tags": values.get("tags")})
    return {
        "id": run.id,
        "label": marked(label, original),
        "group": group,
        "finished": values.get("status") == "finished",
        "short": short_id(run.name) if run.ours else "",
        "name": run.name,
        "seed": run.flags.get("seed"),
        "tags": repetitions.without_mark(values.get("tags") or []),
        "note": values.get("note") or "",
        "values": [_cell(values, name) for name in names],
        "last": [i for i, name in enumerate(names) if name in run.last],
        **(run.more or {}),
    }


def _cell(values: Values, name: str) -> Any:
    if name == "sha":
        return code_mark(values) if values.get(name) else None
    if name == "data_hash":
        return data_mark(values) if values.get(name) else None
    value = values.get(name)
    if name == "status":
        return status_text({"changed": None, "stages": None} | {n: values.get(n) for n in _STATUS})
    if name == "tags":
        return repetitions.without_mark(value or [])
    if isinstance(value, (list, tuple, dict)):
        return ", ".join(map(str, value))
    return value


def _labels(runs: Sequence[Listed]) -> list[tuple[str, str]]:
    """By what tells runs of this project apart, and the same without the seed; others' names."""
    ours = [run for run in runs if run.ours]
    flags = [run.flags for run in ours]
    beside = [str(run.values.get("exp_name")) for run in ours]
    seeds = ["seed"] if len({own.get("seed") for own in flags}) > 1 else []
    names = telling_flags(flags, beside) if ours else []
    return [
        (_label(run, [*names, *seeds]), _label(run, names)) if run.ours else (run.name, run.name)
        for run in runs
    ]


def _label(run: Listed, names: Sequence[str]) -> str:
    told = [f"{name} {_short(run.flags[name])}" for name in names if name in run.flags]
    return ", ".join(told) or f"run {short_id(run.name)}"


def _short(text: str) -> str:
    try:
        return f"{float(text):.3g}" if len(text) > 6 else text
    except ValueError:
        return text if len(text) <= 40 else f"{text[:37]}..."


def _tells(name: str, runs: Sequence[Listed]) -> bool:
    if name in ("tags", "note"):
        return any(_cell(run.values, name) for run in runs)
    return differ(_cell(run.values, name) for run in runs)


def _rank(name: str) -> tuple[Any, ...]:
    """What a run came to: of the test first, then of validation."""
    told = metric_names.words(name)
    leading = next((i for i, word in enumerate(_LEADING) if word in told), len(_LEADING))
    plain = len([word for word in told if word not in metric_names.STAGES])
    stages = [metric_names.STAGES[word] for word in told if word in metric_names.STAGES]
    stage = {2: 0, 0: 1, 1: 2}.get(stages[0] if stages else None, 3)
    return leading == len(_LEADING), plain, stage, leading, metric_names.rank(name)


_STATUS = ("status", "changed", "stages")
