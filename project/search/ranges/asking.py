"""From `--search` and `--space` to the dimensions and exclusions of a space."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from project.cli.fields import Field, spelled
from project.hyperparameters import SHORT
from project.search.ranges import wish
from project.search.ranges.conditions import ordered, trial_of
from project.search.ranges.dimension import Dimension
from project.search.ranges.known import Known
from project.search.ranges.space import Space
from project.search.ranges.wish import Wish


def asked(flags: Sequence[str], search: Sequence[str], file: Path | None) -> Space:
    """See `space_of`, for which this stands in a file of its own."""
    known = Known(flags)
    wishes, excludes, problems = [], (), []
    if file is not None:
        from project.search.ranges.reading import read  # YAML, which --search does without

        wishes, excludes, problems = read(file)
    there = {_key(each.name) for each in wishes}
    wishes += [
        Wish(name, "--search") for name in dict.fromkeys(map(_key, search)) if name not in there
    ]
    if not wishes and not problems:
        problems = ["nothing is searched: give --search FLAG ... or --space FILE"]
    dimensions, wrong = _dimensions(known, wishes)
    problems += wrong
    if not problems:
        dimensions, problems = ordered(dimensions, excludes)
    space = Space(tuple(dimensions), tuple(text for text, _ in excludes))
    problems = problems or trial_of(flags, space)
    if problems:
        raise ValueError("\n".join(dict.fromkeys(problems)))
    return space


def _dimensions(known: Known, wishes: Sequence[Wish]) -> tuple[list[Dimension], list[str]]:
    """Those of every run's flags first: what they choose may have flags of its own."""
    found: dict[int, Dimension | None] = {}
    problems: list[str] = []
    for i, each in enumerate(wishes):
        f, why = known.shared(each.name)
        if why:
            problems.append(f"{each.place}: {why}")
        if f is not None:
            found[i], wrong = _dimension(each, f)
            problems += wrong
    known.learn(each for each in found.values() if each is not None)
    for i, each in enumerate(wishes):
        if i in found or known.shared(each.name)[1]:
            continue
        if (own := known.own(each.name)) is None:
            problems.append(f"{each.place}: {known.missing(each.name)}")
            continue
        found[i], wrong = _dimension(each, own.field)
        problems += wrong
        if own.condition is not None and found[i] is not None:
            found[i] = replace(found[i], when=_both(own.condition, found[i].when))
    made = [found[i] for i in sorted(found) if found[i] is not None]
    return made, problems + list(_doubled(made))


def _dimension(each: Wish, f: Field) -> tuple[Dimension | None, list[str]]:
    if each.choices is None and each.low is None and each.spread is None:
        if "sweep" not in f.metadata:
            why = f"{spelled(f.name)} has no range of its own: give one in --space"
            return None, [f"{each.place}: {why} ({wish.RANGE})"]
        try:
            own = wish.own_wish(f, each.place)
        except ValueError as error:
            return None, [f"{each.place}: {error}"]
        each = replace(own, when=each.when, step=each.step)
    made, problems = wish.dimension_of(each, f)
    return made, [f"{each.place}: {spelled(f.name)}: {line}" for line in problems]


def _doubled(dimensions: Sequence[Dimension]) -> Iterator[str]:
    names = [each.name for each in dimensions]
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            yield f"{name} has two ranges: leave one"


def _both(first: str, second: str | None) -> str:
    return first if second is None else f"{first} and ({second})"


def _key(name: str) -> str:
    plain = name.lstrip("-").replace("-", "_")
    return SHORT.get(plain, plain)
