"""What the page of a sweep shows, as its scripts read it."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from project.cli.spread import summary
from project.cli.summary import duration
from project.comparison.verdict_text import mean_text
from project.search.page.confirmed import confirmed
from project.search.values import COMPLETE, Plain, Trial
from project.search.verdict.judging import DEFAULT
from project.search.verdict.ranking import best_so_far, eligible, front, keeps
from project.search.verdict.report import Report, arm_name
from project.search.verdict.sentences import sentences

# What a trial is called that is complete and breaks a constraint.
UNKEPT = "breaks a constraint"


def content(report: Report, made: datetime) -> dict[str, Any]:
    """All that the page shows of a sweep.

    Args:
        report: of the sweep.
        made: when the page is.
    """
    rules = report.rules
    several = len(rules.objectives) > 1
    return {
        "name": report.name,
        "made": made.isoformat(timespec="seconds"),
        "verdict": {"lines": sentences(report), "kind": _kind(report)},
        "facts": _facts(report, made),
        "tested": _tested(report),
        "command": report.command,
        "runs": _runs(report),
        "objectives": [{"name": each.name, "better": each.better} for each in rules.objectives],
        "dims": _dimensions(report),
        "trials": _columns(report),
        "winner": report.winner,
        "front": (
            [t.number for t in front(eligible(report.trials, rules), rules.objectives)]
            if several
            else []
        ),
        "steps": best_so_far(report.trials, rules),
        "importance": {
            "rows": [
                {"name": name, "value": share, "chance": report.importance.chance[name]}
                for name, share in report.importance.shares.items()
            ],
            "why": report.importance.why,
        },
        "confirmed": confirmed(report) if report.confirmed else [],
    }


def _kind(report: Report) -> str:
    if report.winner is not None:
        return "shown"
    return "same" if report.confirmed else "open"


def _facts(report: Report, made: datetime) -> list[tuple[str, str]]:
    rules = report.rules
    counts = Counter(trial.state for trial in report.trials)
    goal = "" if len(report.trials) == report.goal else f" of {report.goal:,}"
    pruner = "" if rules.pruner == "none" else f", {rules.pruner} pruning"
    at_once = (
        f"{rules.window} at once at most, {rules.threads} thread{'s' * (rules.threads > 1)} each"
    )
    took = [] if report.seconds is None else [("The sweep took", duration(report.seconds))]
    return [
        ("Trials", f"{len(report.trials):,}{goal}"),
        *((state.capitalize(), f"{n:,}") for state, n in counts.items()),
        ("Sampler", f"{rules.sampler}{pruner}, seed {rules.seed}"),
        ("Order", at_once),
        *(("Constraint", str(each)) for each in rules.constraints),
        *took,
        ("Wall time of its runs", duration(_sum(report, "seconds"))),
        ("Process time", duration(_sum(report, "cpu_seconds"))),
        ("Page made", f"{made:%Y-%m-%d %H:%M}"),
    ]


def _sum(report: Report, name: str) -> float:
    jobs = [*report.trials, *(job for job, _ in report.confirmed)]
    return sum(getattr(job, name) for job in jobs)


def _tested(report: Report) -> list[str]:
    whose = arm_name(DEFAULT if report.winner is None else report.winner)
    told = {name: summary([*scores.values()]) for name, scores in report.tested.items()}
    known = {name: each for name, each in told.items() if each["n"]}
    if not known:
        return []
    n = max(each["n"] for each in known.values())
    means = (f"{name} {mean_text(each['mean'], each['sd'])}" for name, each in known.items())
    return [f"Test of {whose} with {n} of these seeds: {', '.join(means)}."]


def _runs(report: Report) -> str:
    """What the command runs."""
    if report.winner is not None:
        return f"Trial {report.winner}, the winner, runs by:"
    if report.best and not report.confirmed:
        return f"Trial {report.best[0].number}, the best so far, runs by:"
    return "Go on with:"


def _order(report: Report) -> list[Any]:
    """The flags, those that matter most first."""
    shares = report.importance.shares
    return sorted(report.space.dimensions, key=lambda each: -shares.get(each.name, 0.0))


def _dimensions(report: Report) -> list[dict[str, Any]]:
    return [{"name": each.name, "kind": each.kind, "log": each.log} for each in _order(report)]


def _columns(report: Report) -> dict[str, Any]:
    """The trials in columns, which takes half the room of rows."""
    trials = report.trials
    return {
        "number": [trial.number for trial in trials],
        "state": [_state(trial, report) for trial in trials],
        "scores": [
            [_at(trial.scores, place) for trial in trials]
            for place in range(len(report.rules.objectives))
        ],
        "values": [[_value(trial, each.name) for trial in trials] for each in _order(report)],
        "epochs": [max(trial.intermediate, default=None) for trial in trials],
        "seconds": [round(trial.seconds, 3) for trial in trials],
        "cpu": [round(trial.cpu_seconds, 3) for trial in trials],
        "run": [trial.run for trial in trials],
        "reason": {
            trial.number: _reason(trial, report) for trial in trials if _reason(trial, report)
        },
    }


def _value(trial: Trial, name: str) -> Plain:
    """None where it does not count: a flag can also be none."""
    value = trial.values.get(name)
    return "none" if value is None and name in trial.values else value


def _state(trial: Trial, report: Report) -> str:
    kept = trial.state != COMPLETE or keeps(trial, report.rules.constraints)
    return trial.state if kept else UNKEPT


def _reason(trial: Trial, report: Report) -> str:
    """Why it failed, or which constraints a trial breaks that is complete."""
    if trial.reason or trial.state != COMPLETE:
        return trial.reason
    broken = [each for each in report.rules.constraints if not keeps(trial, (each,))]
    told = (
        f"{each.name} {trial.measures.get(each.name, 'unknown')}, not {each}" for each in broken
    )
    return "; ".join(told)


def _at(values: Sequence[float], place: int) -> float | None:
    return values[place] if place < len(values) else None
