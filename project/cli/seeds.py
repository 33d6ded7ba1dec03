"""`--seeds`: a flag that stands for several runs, which differ in `--seed` alone."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from project.cli.fields import flag
from project.cli.summary import SCORES, Row, number


@dataclass
class _Several:
    seeds: tuple[int, ...] = flag(
        (), "one run after another, with each of these seeds", bounds="[0, 4294967295]"
    )


(SEEDS,) = fields(_Several)
ONE = "seed"


def wanted(
    entries: Iterable[tuple[str, str, Any]], given: Mapping[str, Any]
) -> tuple[tuple[int, ...], list[str]]:
    """The seeds to run with, none where `--seed` says one; and what is wrong, a line each.

    Args:
        entries: source, name and value of all that a person gave, the last wins.
        given: the values by field name.
    """
    found = [(source, name) for source, name, _ in entries if name in (ONE, SEEDS.name)]
    by_source: dict[str, set[str]] = {}
    for source, name in found:
        by_source.setdefault(source.partition(":")[0], set()).add(name)
    problems = [
        f"{file}: " * bool(file)
        + "--seed and --seeds exclude each other: give the one or the other"
        for file, names in by_source.items()
        if len(names) > 1
    ]
    seeds = given.get(SEEDS.name, ()) if found and found[-1][1] == SEEDS.name else ()
    if twice := sorted({seed for seed in seeds if seeds.count(seed) > 1}):
        problems.append(f"--seeds: {', '.join(map(str, twice))} stands there twice; give each once")
    if seeds and given.get("resume") and not given.get("only_test"):
        problems.append("--seeds can't go with --resume: the run that goes on has its seed")
    if seeds and given.get("only_test"):
        problems.append("--seeds can't go with --only-test: nothing is drawn, each would be equal")
    return seeds, problems


def without_seeds(argv: Sequence[str]) -> list[str]:
    """A command line without `--seeds` and its values."""
    kept, inside = [], False
    for word in argv:
        inside = word == "--seeds" or (inside and re.fullmatch(r"[\d.e+]+", word) is not None)
        if not inside and not word.startswith("--seeds="):
            kept.append(word)
    return kept


def rows_over_seeds(outcomes: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Mean and standard deviation (n - 1) of each headline score, as rows of name and value.

    Args:
        outcomes: of the runs that finished, as in `outcome.json`.
    """
    bests = [outcome["best"] for outcome in outcomes if outcome["best"]]
    names = [*SCORES, *(best["monitor"].removeprefix("val_") for best in bests)]
    splits = {
        "test": ("test", [outcome["test"] or {} for outcome in outcomes]),
        "validation": ("val", [best["metrics"] for best in bests]),
    }
    rows = []
    for name in dict.fromkeys(names):
        parts = []
        for split, (prefix, scores) in splits.items():
            values = [found.get(f"{prefix}_{name}") for found in scores]
            if values and None not in values:
                parts.append(f"{split} {_spread([float(value) for value in values])}")
        rows += [(name, "  ".join(parts))] if parts else []
    return rows


def _spread(values: list[float]) -> str:
    n = len(values)
    mean = math.fsum(values) / n
    if n == 1:
        return number(mean)
    variance = math.fsum((value - mean) ** 2 for value in values) / (n - 1)
    return f"{number(mean)} ± {number(math.sqrt(variance))}"
