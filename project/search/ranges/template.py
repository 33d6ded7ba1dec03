"""`--template`: a space with every flag that has a range, to be cut down."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from project.cli.fields import Field
from project.cli.flags import parse
from project.hyperparameters import section_of
from project.search.ranges.dimension import Dimension
from project.search.ranges.known import Known
from project.search.ranges.space import Space
from project.search.ranges.wish import dimension_of, own_wish

_HEAD = """\
# What `python -m project.sweep --space FILE` searches: leave the lines that it should.
# A list is a choice; [LOW, HIGH] a range, with log in front on a logarithmic scale.
# Also: {low: 64, high: 512, step: 64}, and {range: "[0, 1]", when: optimizer == sgd}.
# exclude:
#   - batch_size == 32 and learning_rate > 0.01
"""
# Where a flag that others leave without effect counts.
_WHEN = {"warmup_fraction": "schedule == one-cycle"}
_NEEDS = {"samples_per_class": ("sampler", "pk")}


def written(flags: Sequence[str]) -> str:
    """The text of the file; flags that do nothing, or can't be, with these others, as comments.

    Raises:
        ValueError: the command line is wrong, or what a plug says of a flag of its own.
    """
    known = Known(flags)
    lines = [_HEAD]
    for f, _ in known.ranged():
        made, problems = dimension_of(own_wish(f, ""), f)
        if made is None:
            raise ValueError(f"the range that stands on {f.name}: {problems[0]}")
        text = f"{made.name}: {_text(f.metadata['sweep'])}"
        if made.name in _WHEN:
            range_ = text.partition(": ")[2]
            text = f"{made.name}: {{range: {range_}, when: {_WHEN[made.name]}}}"
        why = next(_in_vain(flags, known, f, made), "")
        about = " ".join((why or f.metadata["help"]).split())
        lines.append(f"{'# ' if why else ''}{text}  # {about}\n")
    return "".join(lines)


def _in_vain(flags: Sequence[str], known: Known, f: Field, dimension: Dimension) -> Iterator[str]:
    """Why a flag is not to be searched beside the others of a command line."""
    if section_of(f.name) == "model" and not known.is_read(f):
        yield f"--model {known.values['model']} does not read it"
    other, value = _NEEDS.get(f.name, ("", None))
    if other and known.values[other] != value:
        yield f"only --{other} {value} reads it"
    for value in (dimension.at(0.0), dimension.at(1.0)):
        try:
            parse([*flags, *Space((dimension,)).argv({dimension.name: value})])
        except ValueError as error:
            yield str(error).splitlines()[0]


def _text(sweep: Any) -> str:
    """A range as YAML has it."""
    if isinstance(sweep, tuple):
        return f"[{', '.join(map(_word, sweep))}]"
    return sweep if sweep.startswith("log") else f'"{sweep}"'


def _word(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return "null" if value is None else str(value).lower()
    if isinstance(value, str):
        return value if value.replace("-", "").isalpha() else json.dumps(value)
    return f"{value:g}"
