"""What a sweep comes to, in sentences: whether a trial is better than the default flags."""

import math
from collections.abc import Iterator, Sequence

from project.search.values import ENDED, Objective
from project.search.verdict.judging import DEFAULT, Arm, Comparison, Verdict
from project.search.verdict.report import Report


def sentences(report: Report) -> list[str]:
    """The verdict first, then what it rests on where that is less than was planned."""
    if not report.best:
        return [_nothing_to_choose(report)]
    if not report.confirmed:
        best = f"the best of {_count(len(report.trials), 'trial')} looks better than it is"
        again = "--confirm 5 runs it and the default flags again with new seeds"
        return [f"Nothing is confirmed: {best}, as it was chosen by its score; {again}."]
    several = len(report.verdicts) > 1
    found = [_joint(report)] if several else []
    for told, objective in zip(report.verdicts, report.rules.objectives, strict=True):
        found += [_about(line, objective) if several else line for line in _of(told, objective)]
    return [*found, *_lacking(report)]


def _nothing_to_choose(report: Report) -> str:
    ended = sum(trial.state in ENDED for trial in report.trials)
    if not ended:
        return "No trial has ended yet."
    bounds = ", ".join(map(str, report.rules.constraints))
    kept = f" that keeps {bounds}" if bounds else ""
    return f"None of {_count(ended, 'trial')} ended with a score{kept}: nothing to choose."


def _joint(report: Report) -> str:
    """Of several objectives, what they come to together."""
    if report.winner is None:
        return "No trial is shown to be better than the default flags in one and worse in none."
    rest = "and shown to be worse in none"
    names = [
        objective.name
        for told, objective in zip(report.verdicts, report.rules.objectives, strict=True)
        for each in told.comparisons
        if each.arm == report.winner and each.is_better
    ]
    return (
        f"Trial {report.winner} is better than the default flags in {' and '.join(names)}, {rest}."
    )


def _about(line: str, objective: Objective) -> str:
    """A sentence that says which score it is of."""
    return line if objective.name in line else f"{objective.name}: {line}"


def _of(told: Verdict, objective: Objective) -> Iterator[str]:
    """The verdict of one score."""
    winner = next((c for c in told.comparisons if c.arm == told.winner), None)
    worse = [c for c in told.comparisons if c.is_worse]
    if winner:
        gap, low, _ = gain_texts(winner, told)
        sure = f"{100 * (1 - told.error):.4g} % confidence"
        least = f"by at least {low} with {sure}" if winner.low > 0 else f"p = {winner.p:.2g}"
        way = "lower" if objective.better == "min" else "higher"
        name = f"Trial {winner.arm} is better than the default flags"
        yield f"{name}: {objective.name} is {way} by {gap}, {least}, {_seeds(told)}."
    elif judged := [c for c in told.comparisons if c.low is not None]:
        none = "No difference to the default flags is shown"
        if worse:
            none = "No trial is shown to be better than the default flags"
        yield f"{none}: {_ahead(judged, told)}."
    else:
        yield "No difference to the default flags is shown: there is nothing to judge by."
    if others := [c for c in told.comparisons if c.is_better and c is not winner]:
        yield f"{_named(others)} better than the default flags, too."
    if worse:
        yield f"{_named(worse)} worse than the default flags."
    for each in told.comparisons:
        if each.why:
            yield f"Trial {each.arm}: {each.why}."


def _ahead(judged: Sequence[Comparison], told: Verdict) -> str:
    """How far the best mean is from the default's."""
    best = max(judged, key=lambda each: each.gain)
    gap, low, high = gain_texts(best, told)
    said = f"better by {gap}" if best.gain > 0 else f"worse by {gap.lstrip('-')}"
    ends = f"with an interval from {low} to {high}"
    return f"trial {best.arm} was {said} on average, {ends}, {_seeds(told)}"


def _lacking(report: Report) -> Iterator[str]:
    failed = [
        str(facts["seed"])
        for job, facts in report.confirmed
        if facts["arm"] == DEFAULT and job.state in ENDED and not job.scores
    ]
    if failed:
        yield f"The default flags failed with seed{'s' * (len(failed) > 1)} {' '.join(failed)}."
    arms = {facts["arm"] for _, facts in report.confirmed}
    if missing := [trial.number for trial in report.best if trial.number not in arms]:
        verb = "are among the best trials" if len(missing) > 1 else "is among the best trials"
        yield f"{_names(missing)} {verb}, and not confirmed."
    if report.unfinished:
        n = _count(len(report.confirmed), "confirmation run")
        yield f"{report.unfinished} of {n} have not ended: this is what is known so far."


def gain_texts(told: Comparison, of: Verdict) -> tuple[str, str, str]:
    """The gain and its ends, with the digits that the narrowest interval of the verdict leaves."""
    widths = [each.high - each.low for each in of.comparisons if each.low is not None]
    width = min(widths) / 2
    style = ".4g"
    if 1e-9 < width < 1e7 and abs(told.gain) < 1e9:
        style = f".{max(0, 1 - math.floor(math.log10(width)))}f"
    return f"{told.gain:{style}}", f"{told.low:{style}}", f"{told.high:{style}}"


def _seeds(told: Verdict) -> str:
    return f"over {len(told.seeds)} new seeds"


def _named(told: Sequence[Comparison]) -> str:
    return f"{_names([each.arm for each in told])} {'are' if len(told) > 1 else 'is'}"


def _names(numbers: Sequence[Arm]) -> str:
    *before, last = map(str, numbers)
    return f"Trials {', '.join(before)} and {last}" if before else f"Trial {last}"


def _count(n: int, what: str) -> str:
    return f"{n:,} {what}{'s' * (n != 1)}"
