"""`--seeds`: a flag that stands for several runs, which differ in `--seed` alone."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from project.cli.fields import flag

SEEDS = flag((), "one run after another, with each of these seeds", bounds="[0, 4294967295]")
SEEDS.name, SEEDS.type = "seeds", tuple[int, ...]  # a class for it costs a millisecond
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
    if seeds and given.get("from_"):
        problems.append(
            "--seeds can't go with --from: the run that goes on has its seed, as it has its split;"
            " --config RUN takes its flags for new ones"
        )
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
