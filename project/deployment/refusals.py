"""Why a net can't be exported, in a line: the operator, and the line of a person's own code."""

import re

from project.cli.faults import named
from project.words import places
from project.words.telling import clipped

# How exporters name an operator in their pages of text.
_OPERATORS = (
    re.compile(r"OpOverload\(op='([\w.:]+)'"),
    re.compile(r"\b((?:aten|prims|torchvision|mkldnn)(?:\.|::)\w+(?:\.\w+)?)"),
    re.compile(r"\b(torch\.ops\.[\w.]+)"),
)
_DATA = ("data-dependent", "DataDependent", "GuardOnDataDependent", "data dependent")
_SIZES = ("Constraints violated", "ConstraintViolation", "specialized", "not all values of")
_LONGEST = 240


def refusal(error: Exception, model: str, by: str) -> ValueError:
    """What to tell a person.

    Args:
        error: what the exporter raised.
        model: as it was chosen.
        by: the exporter.
    """
    text = _all_text(error)
    found = (pattern.search(text) for pattern in _OPERATORS)
    operator = next((match[1] for match in found if match), None)
    what = f": the operator {operator}" if operator else ""
    if any(word in text for word in _DATA):
        what += (
            " depends on the images' values"
            if operator
            else ": a step depends on the images' values"
        )
    elif any(word in text for word in _SIZES):
        what += ": it computes with a fixed number of images"
    elif operator:
        what += " is none that it can write"
    else:
        what += f": {clipped(named(error).split(' The error above')[0], _LONGEST)}"
    place = next(filter(None, map(places.arose, _chain(error))), None)
    return ValueError(
        f"--model {model} can't be exported by {by}{what}" + (f" ({place})" if place else "")
    )


def _chain(error: BaseException | None) -> list[BaseException]:
    """An error, and those that it came from."""
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


def _all_text(error: Exception) -> str:
    return "\n".join(f"{type(each).__name__}: {each}" for each in _chain(error))
