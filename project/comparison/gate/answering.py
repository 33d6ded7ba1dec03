"""What `--gate` does: reads both sides, decides, and prints a table in Markdown."""

import math
from argparse import Namespace
from collections.abc import Sequence
from typing import Any

from project.comparison.gate.condition import ABOVE, BELOW, WORSENS, Gate, parse
from project.comparison.gate.decision import decide
from project.comparison.gate.markdown import table
from project.comparison.gate.sides import FACTS, Side, known, side
from project.provenance.comparable import incomparable, instead
from project.scores import MAX, MIN, agreed
from project.words.names import some
from project.words.telling import did_you_mean

# What else the command can do, and does not where it decides.
_OTHERS = ("where", "sort", "reverse", "limit", "all", "columns", "csv", "json", "html")
_OTHERS += ("code", "data", "environment")


def gate_runs(arguments: Namespace) -> int:
    """Print what became of each gate.

    Returns:
        0; 1 if a gate is violated.
    Raises:
        ValueError: a gate can't be understood, or be decided: a side lacks the score, it is no
            number there, or the two can't be set against each other; one line for each.
        OSError: a file can't be read.
    """
    gates = _gates(arguments.gate)
    if len(arguments.runs) != 2:
        raise ValueError(
            f"--gate compares two sides, BASE and NEW, not {len(arguments.runs)}: each a run,"
            " several with commas between them (7h3k,9x2f), or an experiment"
        )
    if other := [name for name in _OTHERS if getattr(arguments, name)]:
        raise ValueError(f"--gate excludes --{other[0]}: it prints its own table")
    ends = zip(("base", "new"), arguments.runs, strict=True)
    base, new = (side(arguments.exp_dir, *end, arguments.all_seeds) for end in ends)
    told = decide(_checked(gates, base, new))
    print(table(told, base, new), flush=True)
    return 1 if any(one.is_violated for one in told) else 0


def _gates(texts: Sequence[str]) -> list[Gate]:
    found, problems = [], []
    for text in dict.fromkeys(texts):
        try:
            found.append(parse(text))
        except ValueError as error:
            problems.append(str(error))
    if problems:
        raise ValueError("\n".join(problems))
    return found


def _checked(gates: Sequence[Gate], base: Side, new: Side) -> list[tuple[Any, ...]]:
    """Of each gate what decides it: both sides' values, and which way is better."""
    runs = [*base.runs.values(), *new.runs.values()]
    reasons = incomparable((run.record, run.scores) for run in runs)
    found, problems = [], []
    for gate in gates:
        way = agreed((run.record["scores"] for run in runs), gate.score)
        way = MIN if gate.score in FACTS else way
        problem = _lacking(gate, base, new) or _senseless(gate, way)
        if not problem and not gate.is_bound and gate.score in reasons:
            other = instead(gate.score)
            hint = f"; {other} can be" if other and other not in reasons else ""
            problem = f"{gate.score} can't be compared, {reasons[gate.score]}{hint}"
        problems += [gate.fault(problem)] if problem else []
        found.append((gate, base.values(gate.score), new.values(gate.score), way))
    if problems:
        raise ValueError("\n".join(problems))
    return found


def _lacking(gate: Gate, base: Side, new: Side) -> str | None:
    """Why a side has no number to go by."""
    for one in (new,) if gate.is_bound else (base, new):
        values = one.values(gate.score).values
        if len(values) < len(one.runs):
            n = f"{len(one.runs) - len(values)} of {len(one.runs)} runs of " * bool(values)
            has = "have" if n else "has"
            return f"{n}{one.label} {has} no score {gate.score!r}{_near(gate.score, base, new)}"
        for seed, value in values.items():
            if not math.isfinite(value):
                return f"{gate.score} of {one.label} is {value} with seed {seed}: can't tell"
    return None


def _near(score: str, base: Side, new: Side) -> str:
    """What may have been meant by a name that no run has."""
    runs = (run for one in (base, new) for run in one.runs.values())
    names = dict.fromkeys(name for run in runs for name in known(run))
    if score in names:
        return ""
    if f"test_{score}" in names:
        return f", did you mean 'test_{score}'?"
    plain = [name for name in names if "/" not in name]
    return did_you_mean(score, names) or f"; there is {some(plain)}"


def _senseless(gate: Gate, way: str | None) -> str | None:
    """What is wrong with a gate that better values would violate, or that nobody can decide."""
    if gate.what == WORSENS and way is None:
        return f"nobody says which values of {gate.score} are better: write drops or rises"
    for what, best, sign in ((ABOVE, MAX, "<"), (BELOW, MIN, ">")):
        if gate.what == what and way == best:
            fix = f"{gate.score} {sign} {gate.limit:g}"
            return f"a gate says what must not happen, and this is better: did you mean {fix!r}?"
    return None
