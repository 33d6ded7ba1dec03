"""The rows of the page's table: by section, a cell for each run and for each group of seeds."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from project.comparison.flat import differ
from project.comparison.metric_names import fold, rank
from project.comparison.spread import summary
from project.comparison.units import (
    Unit,
    cell,
    delta_text,
    exact_text,
    group_of,
    result_texts,
)
from project.comparison.values import is_number, is_of_class

Cell = str | dict[str, Any] | None


def rows(found: Mapping[str, Any], units: Sequence[Unit]) -> list[dict[str, Any]]:
    """All rows of a description, results first after the flags.

    Args:
        found: Of `describe`.
        units: Its groups, and the runs that are in none; empty if there are no groups.
    Returns:
        Of each row its `section`, `name`, whether it `differs`, whether it is a score `of_class`,
        under which line it can `fold`, and the cells of `each` run and of each of `grouped` units:
        a text, or of a result its `text` (of a group the mean `value`, `sd` and `n`), `delta` from
        the first, and whether it is the `best`; and `why` the row's scores can't be compared, if
        they can't.
    """
    listed = []
    for section in ("flags", "results", "code", "data", "environment"):
        for row in sorted(found["sections"][section], key=_order(found, section)):
            own = {"section": section, "name": row["name"], "differs": row["differs"]}
            own["of_class"] = section == "results" and is_of_class(row["name"])
            own["fold"] = fold(row["name"]) if section == "results" else ""
            cells = _result(row, found, units) if section == "results" else _fact(row, units)
            listed.append(own | cells)
    return listed


def _order(found: Mapping[str, Any], section: str) -> Callable[[Mapping[str, Any]], Any]:
    """A key that sorts results: scores as charts are, then what else came out."""
    scores = {name for run in found["runs"] for name in run["scores"]}
    if section != "results":
        return lambda row: 0
    return lambda row: (0, rank(row["name"])) if row["name"] in scores else (1,)


def _fact(row: Mapping[str, Any], units: Sequence[Unit]) -> dict[str, Any]:
    each = [None if value is None else exact_text(value) for value in row["values"]]
    grouped = [cell(row["values"], unit) for unit in units]
    return {"each": each, "grouped": grouped}


def _result(
    row: Mapping[str, Any], found: Mapping[str, Any], units: Sequence[Unit]
) -> dict[str, Any]:
    wanted = found["better"].get(row["name"])
    why = found["incomparable"].get(row["name"])
    texts, values = result_texts(row), row["values"]
    each = [
        None if value is None else {"text": text} | _delta(delta if i else None)
        for i, (text, value, delta) in enumerate(zip(texts, values, row["deltas"], strict=True))
    ]
    grouped = [_of_unit(row, texts, found, unit) for unit in units]
    if why is None:
        repeated = _repeated(found["runs"])
        own = [None if again else v for v, again in zip(values, repeated, strict=True)]
        _mark_best(each, own, wanted)
        single = [not u.is_group and repeated[u.members[0]] for u in units]
        means = zip(grouped, single, strict=True)
        _mark_best(grouped, [None if again else c.get("value") for c, again in means], wanted)
    return {"each": each, "grouped": grouped, "why": why}


def _repeated(runs: Sequence[Mapping[str, Any]]) -> list[bool]:
    """Which of the runs only repeat another one, and so are not the best."""
    ids = [run["run_id"] for run in runs]
    return [run["reproduces"] in ids for run in runs]


def _of_unit(
    row: Mapping[str, Any], texts: Sequence[str], found: Mapping[str, Any], unit: Unit
) -> dict[str, Any]:
    """Of a group the mean, the spread and the paired difference; of a run its value."""
    name, own = row["name"], [row["values"][index] for index in unit.members]
    if not unit.is_group:
        return {"text": texts[unit.members[0]], "value": own[0]}
    group = group_of(found, unit)
    score = group["scores"].get(name)
    if score is None and differ(own) and all(map(is_number, own)):
        score = summary(own)
    if score is None:
        return {"text": cell(row["values"], unit)}
    shown = {"value": score["mean"], "sd": score["sd"], "n": score["n"]}
    pair = next((p for p in found["pairs"] if p["to"] == unit.label), None)
    paired = pair["scores"].get(name) if pair else None
    if paired is None or paired["low"] is None or paired["low"] != paired["low"]:
        return shown
    return shown | _delta(paired["mean"])


def _delta(delta: float | None) -> dict[str, Any]:
    return {} if delta is None else {"delta": delta_text(delta)}


def _mark_best(cells: Sequence[Cell], values: Sequence[Any], wanted: str | None) -> None:
    numbers = [v for v in values if is_number(v) and v == v]
    if wanted is None or len(set(numbers)) < 2:
        return
    best = (min if wanted == "min" else max)(numbers)
    for shown, value in zip(cells, values, strict=True):
        if isinstance(shown, dict) and value == best:
            shown["best"] = True
