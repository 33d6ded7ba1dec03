"""What two or more runs were asked for, stood on and gave, side by side."""

from collections.abc import Mapping, Sequence
from typing import Any

from project.comparison.flat import Row, flatten, rows
from project.comparison.loading import KnownRun
from project.comparison.values import is_number
from project.plugs import flat
from project.provenance.comparable import incomparable

_RESULTS = ("status", "error", "epochs", "steps", "duration")


def sections(runs: Sequence[KnownRun]) -> dict[str, list[Row]]:
    """Rows by section: flags, code, data, environment, results; those of results with `deltas`.

    A delta is the value less the first run's; None where either is no number, or where the two are
    scores that can't be compared.
    """
    found = {
        "flags": rows([flat(run.record["flags"]) for run in runs]),
        "code": rows([run.record["code"] for run in runs]),
        "data": rows([_data(run.record["data"]) for run in runs]),
        "environment": rows([_environment(run.record) for run in runs]),
        "results": rows([_results(run) for run in runs]),
    }
    pairs = [[(run.record, run.scores) for run in (runs[0], other)] for other in runs]
    reasons = [incomparable(pair) for pair in pairs]
    for row in found["results"]:
        less = zip(deltas(row["values"]), reasons, strict=True)
        row["deltas"] = [None if row["name"] in why else delta for delta, why in less]
    return found


def deltas(values: Sequence[Any]) -> list[float | None]:
    """Each value less the first."""
    return [_less(value, values[0]) for value in values]


def _less(value: Any, first: Any) -> float | None:
    if not is_number(value) or not is_number(first):
        return None
    try:
        float(value - first)
    except OverflowError:  # JSON has whole numbers that no float can hold
        return None
    return value - first


def _data(data: Mapping[str, Any]) -> dict[str, Any]:
    rest = {name: value for name, value in data.items() if name != "leaks"}
    return flatten(rest) | {"leaks": leaks_text(data)}


def leaks_text(data: Mapping[str, Any]) -> str | None:
    """The leaks that a record's `data` tells of; None where it says nothing."""
    leaks = data.get("leaks")
    if leaks is None:
        return None
    counts = {**leaks.get("pairs", {}), "two labels": leaks.get("labels", 0)}
    return ", ".join(f"{name}: {n:,}" for name, n in counts.items() if n) or "none"


def leak_lines(runs: Sequence[Mapping[str, Any]]) -> list[str]:
    """A line for each kind of leaks among described runs: also where all have it, so none differs.

    Args:
        runs: with their `label` and, as by `leaks_text`, their `leaks`.
    """
    told: dict[str, list[str]] = {}
    for run in runs:
        if run["leaks"] not in (None, "none"):
            told.setdefault(run["leaks"], []).append(run["label"])
    what = "the same images in two splits, or with two labels"
    return [f"{what}: {leaks} ({', '.join(labels)})" for leaks, labels in told.items()]


def _environment(record: Mapping[str, Any]) -> dict[str, Any]:
    machine = {name: record.get(name) for name in ("host", "user")}
    return machine | flatten(record["environment"])


def _results(run: KnownRun) -> dict[str, Any]:
    found = {"status": run.status, "went_on_with": "; ".join(run.stages) or None}
    found |= {name: run.outcome.get(name) for name in _RESULTS[1:]}
    found |= {f"best_{name}": run.best.get(name) for name in ("epoch", "step")}
    found |= {name: run.record["model"].get(name) for name in ("n_parameters", "n_trainable")}
    weights = run.outcome.get("weights")
    found |= flatten({"weights": weights}) if isinstance(weights, dict) else {}
    return found | run.scores
