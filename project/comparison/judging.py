"""What the runs of a description are compared as, and the verdicts of their headline score."""

from collections.abc import Mapping, Sequence
from typing import Any

from project.comparison.headline import headline, primary, usual
from project.comparison.loading import KnownRun
from project.comparison.spread import CONFIDENCE
from project.comparison.units import Unit, group_of, names_of, units_of
from project.comparison.verdict import Setting, Verdict, verdict
from project.comparison.verdict_text import sentence
from project.words.names import some

Description = Mapping[str, Any]
_MOST = 5  # labels in a line, and verdicts that show nothing
_NO_SEED = -1  # of runs that recorded none


def judge(found: Description, runs: Sequence[KnownRun]) -> dict[str, Any]:
    """The settings, and whether one of them is shown to be better than the first.

    All other settings are compared with the first one by one score, `primary`. Their intervals are
    widened (Bonferroni), so that of equal settings any is called better in at most 5 % of cases,
    however many they are.

    Args:
        found: of `describe`, as far as it is known: `runs`, `sections`, `groups`, `better`,
            `incomparable`.
        runs: in the same order.
    Returns:
        `settings`, groups of seeds and then the runs that are in none (of each its `label`, its
        `name`, which says what it differs in, the labels of its `runs`, the `seeds` that count, and
        which run it only `repeats`); `primary`, a score or None; `headline`, the scores to show
        first; and `verdicts`, of each setting but the first and those that repeat another, as
        `Verdict` has them, with their `text`.
    """
    units = units_of(found)
    grouped = any(unit.is_group for unit in units)
    names = names_of(found, runs, units, "seed" if grouped else None)
    monitors = list(dict.fromkeys(str(run["monitor"]) for run in found["runs"] if run["monitor"]))
    judged = [unit for unit in units if _repeats(found, unit) is None]
    wanted = usual(run.record for run in runs)
    # Of a setting without a finished run nothing is said: it must not choose the score.
    ended = [unit for unit in judged if _has_ended(found, unit)]
    scores = _common(found, ended if len(ended) > 1 else judged)
    first = primary(scores, found["better"], monitors, wanted)
    every = [name for run in found["runs"] for name in run["scores"]]
    return {
        "settings": [_setting(found, *pair) for pair in zip(units, names, strict=True)],
        "primary": first,
        "headline": headline(dict.fromkeys(every), first, monitors, wanted),
        "verdicts": [_described(told) for told in _verdicts(found, judged, first)],
    }


def verdicts(found: Description, base: Unit) -> list[dict[str, Any]]:
    """The verdicts of a description as they are if another unit is what the others are set against.

    Args:
        found: of `describe`.
        base: the unit.
    """
    others = [unit for unit in units_of(found) if unit.label != base.label]
    judged = [base, *(unit for unit in others if _repeats(found, unit) is None)]
    return [_described(told) for told in _verdicts(found, judged, found["primary"])]


def values_of(found: Description, unit: Unit, score: str) -> Setting:
    """A unit's values of a score by seed, of the runs that count: they have finished."""
    members = [found["runs"][index] for index in unit.members]
    if unit.is_group:
        group = group_of(found, unit)
        counted = [run for run in members if run["label"] in group["counted"]]
    else:
        counted = [run for run in members if run["status"] == "finished"]
    known = {_seed(run): run["scores"][score] for run in counted if score in run["scores"]}
    return Setting(unit.label, known)


def difference(found: Description, first: Unit, second: Unit, score: str) -> Verdict:
    """How two units compare by any score: for its interval, not to judge by."""
    way = found["better"].get(score)
    return verdict(values_of(found, first, score), values_of(found, second, score), way)


def verdict_lines(found: Description) -> list[str]:
    """What is said of the settings, as sentences."""
    again = [setting["label"] for setting in found["settings"] if setting["repeats"]]
    lines = [f"{', '.join(again)}: a reproduction of another of these runs, not judged"] * bool(
        again
    )
    if len(found["settings"]) - len(again) < 2:
        return lines or ["they differ in the seed alone: one setting, nothing to judge"]
    if found["primary"] is None:
        return [*lines, "there is no score that all have and that can be compared: can't tell"]
    return lines + _sentences(found["verdicts"], found["primary"])


def _sentences(told: Sequence[Mapping[str, Any]], score: str) -> list[str]:
    """One for each verdict; many that say the same are one."""
    lacking = [entry for entry in told if "can't tell; add" in entry["text"]]
    open_ = [entry for entry in told if entry["kind"] and not entry["better"]]
    merged = [part for part, most in ((lacking, 1), (open_, _MOST)) if len(part) > most]
    left = [entry for entry in told if not any(entry in part for part in merged)]
    lines = [f"{score}: {entry['text']}" for entry in left]
    for part in merged:
        first = [part[0]["from"]] if part is lacking and part[0]["counts"][0] == 1 else []
        who = some([*first, *(entry["to"] for entry in part)], _MOST)
        end = "no difference shown"
        if part is lacking:
            end = f"one seed each: {lacking[0]['text'].partition(': ')[2]}"
        lines.append(f"{score}: {who}, {end}")
    n = sum(entry["kind"] is not None for entry in told)
    if n > 1:
        lines.append(
            f"{n} comparisons with {told[0]['from']}:"
            f" all their intervals together hold with {100 * CONFIDENCE:g} %"
        )
    return lines


def _has_ended(found: Description, unit: Unit) -> bool:
    return any(found["runs"][index]["status"] == "finished" for index in unit.members)


def _common(found: Description, units: Sequence[Unit]) -> list[str]:
    """The scores that every setting which has any has, and that can be compared."""
    runs = [[found["runs"][index]["scores"] for index in unit.members] for unit in units]
    known = [dict.fromkeys(name for scores in own for name in scores) for own in runs]
    known = [names for names in known if names]
    apart = found["incomparable"]
    return [
        name
        for name in (known[0] if known else ())
        if name not in apart and all(name in names for names in known)
    ]


def _verdicts(found: Description, units: Sequence[Unit], score: str | None) -> list[Verdict]:
    if score is None:
        return []
    first, *others = [values_of(found, unit, score) for unit in units]
    n = sum(min(len(first.values), len(other.values)) > 1 for other in others)
    confidence = 1 - (1 - CONFIDENCE) / max(1, n)
    return [verdict(first, other, found["better"][score], confidence) for other in others]


def _described(told: Verdict) -> dict[str, Any]:
    names = ("way", "kind", "seeds", "mean", "low", "high", "confidence", "better")
    ends = {"from": told.first.label, "to": told.second.label}
    counts = {"counts": [len(told.first.values), len(told.second.values)]}
    return ends | counts | {n: getattr(told, n) for n in names} | {"text": sentence(told)}


def _setting(found: Description, unit: Unit, name: str) -> dict[str, Any]:
    members = [found["runs"][index] for index in unit.members]
    told = {"label": unit.label, "name": name, "runs": [run["label"] for run in members]}
    groups = {group["label"]: group["seeds"] for group in found["groups"]}
    told["seeds"] = groups.get(unit.label, [members[0]["seed"]])
    return told | {"repeats": _repeats(found, unit)}


def _repeats(found: Description, unit: Unit) -> str | None:
    """The id of the run that a unit only reproduces, if that is compared too."""
    original = found["runs"][unit.members[0]]["reproduces"]
    return original if original in [run["run_id"] for run in found["runs"]] else None


def _seed(run: Mapping[str, Any]) -> int:
    return run["seed"] if isinstance(run["seed"], int) else _NO_SEED
