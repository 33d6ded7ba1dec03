"""Prints the table in docs/recipes.md: `python -m project.recipes.operators`."""

from project.recipes.operators import OPERATORS, Operator
from project.recipes.operators._catalogue import Range

HEAD = "| operator | what it does | usual strength | may be | images | options |"


def table() -> str:
    """Markdown, a line for each operator by its name, those that move masks along first."""
    ordered = sorted(OPERATORS.values(), key=lambda one: (one.kind != "geometry", one.name))
    return "\n".join([HEAD, "|---|---|---|---|---|---|", *map(_row, ordered)])


def _row(one: Operator) -> str:
    usual = f"{_told(one.range)} {one.unit}" if one.range else ""
    options = ", ".join(f"`{name}` = {_value(value)}" for name, value in one.options.items())
    cells = f"`{one.name}`", one.summary, usual, _told(one.bounds), _images(one), options
    return f"| {' | '.join(cells)} |"


def _told(range: Range | None) -> str:
    if range is None:
        return ""
    low, high = (_value(value) for value in range)
    return low if low == high else f"{low} to {high}"


def _value(value: object) -> str:
    """As a file has it."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(_value, value))}]"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _images(one: Operator) -> str:
    """Which images it takes, and whether their masks go along."""
    if one.kind == "geometry":
        return "any, and masks"
    channels = " or ".join(map(str, one.channels or ()))
    needs = [f"{channels} channels"] * bool(channels) + ["uint8"] * one.levels
    return ", ".join(needs) or "any"


if __name__ == "__main__":
    print(table())
