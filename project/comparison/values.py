"""The names by which a run is filtered, sorted and listed, and their values."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from project.cli.roles import NEUTRAL_FLAGS
from project.comparison.loading import KnownRun
from project.hyperparameters import BY_NAME
from project.plugs import flat
from project.words.recipes import is_kept, short

# What runs of one setting differ in: their seed, and the run that each seed's goes on from.
_OF_A_SEED = NEUTRAL_FLAGS | {"seed", "from"}
_IDENTITY = (
    *("run_id", "exp_name", "status", "created", "age", "duration", "epochs", "steps"),
    *("sha", "branch", "dirty", "data_hash", "host", "user", "n_parameters"),
    *("best_epoch", "best_step", "note", "changed", "stages"),
)
Values = Mapping[str, Any]


def values_of(run: KnownRun, now: datetime) -> dict[str, Any]:
    """Everything a run can be told by: identity, flags, scores; None for what it lacks.

    `age` and `duration` are in seconds; `val_*` are of the best epoch.
    """
    record, outcome, best = run.record, run.outcome, run.best
    identity = dict.fromkeys(_IDENTITY)
    identity |= {"run_id": run.run_id, "status": run.status, "age": age_of(run, now)}
    identity |= {"changed": run.changed, "stages": "; ".join(run.stages) or None}
    identity |= {name: record.get(name) for name in ("exp_name", "created", "host", "user")}
    identity |= {name: outcome.get(name) for name in ("duration", "epochs", "steps")}
    identity |= {name: record["code"].get(name) for name in ("sha", "branch", "dirty")}
    identity |= {"data_hash": record["data"].get("hash")}
    identity |= {"n_parameters": record["model"].get("n_parameters")}
    identity |= {f"best_{name}": best.get(name) for name in ("epoch", "step")}
    identity |= {f"sweep.{name}": value for name, value in (record.get("sweep") or {}).items()}
    return {**run.scores, **flat(record["flags"]), **identity, "tags": run.tags, "note": run.note}


def known_names(all_values: Iterable[Values]) -> list[str]:
    """Every name that any run has, and those that every run may have."""
    names = dict.fromkeys(_IDENTITY) | dict.fromkeys(BY_NAME)
    for values in all_values:
        names |= dict.fromkeys(values)
    return list(names)


def setting_of(flags: Mapping[str, Any]) -> dict[str, Any]:
    """The flags that runs share which differ in nothing but the seed."""
    return {name: value for name, value in flags.items() if name not in _OF_A_SEED}


def age_of(run: KnownRun, now: datetime) -> float | None:
    """Seconds since a run was created; None if its record does not say when."""
    try:
        created = datetime.fromisoformat(run.record["created"])
    except (KeyError, TypeError, ValueError):
        return None
    return (now - (created if created.tzinfo else created.replace(tzinfo=UTC))).total_seconds()


def duration_text(seconds: Any) -> str:
    """41 s, 12 min, 5 h, 3 d: the largest unit of which there are at least two."""
    if not isinstance(seconds, (int, float)) or seconds != seconds:
        return "-"
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{int(seconds // size)} {unit}"
    return f"{int(max(seconds, 0))} s"


def status_text(values: Values) -> str:
    """How a run stands, and whether it is what it was."""
    changed = ", changed" * bool(values["changed"])
    return (
        text_of(values.get("status")) + changed + ", went on with changes" * bool(values["stages"])
    )


def code_mark(values: Values) -> str:
    """The commit's first digits, with * if the code differed from it; - without a commit."""
    mark = "*" if values.get("dirty") else ""
    return f"{str(values.get('sha') or '-')[:7]}{mark}"


def data_mark(values: Values) -> str:
    """The first digits of the data's hash."""
    return str(values.get("data_hash") or "-").split(":")[-1][:8]


def text_of(value: Any) -> str:
    """A value as people read it; numbers with six digits."""
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, (list, tuple)):
        return ",".join(map(text_of, value)) or "-"
    if isinstance(value, str) and is_kept(value):
        return short(value)
    return str(value)


def is_number(value: Any) -> bool:
    """Whether it is a number; true and false are none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_of_class(name: str) -> bool:
    """Whether a score is that of one class, as `val_recall/cat` is."""
    return "/" in name
