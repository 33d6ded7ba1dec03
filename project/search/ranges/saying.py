"""A dimension in words."""

from project.search.ranges.dimension import CHOICE, INT, Dimension


def line(dimension: Dimension) -> str:
    """`0.0001 to 0.1, logarithmic`, `adamw or sgd`, `0.8 to 0.99 when optimizer == sgd`."""
    when = f" when {dimension.when}" if dimension.when else ""
    return _range(dimension) + when


def _range(dimension: Dimension) -> str:
    if dimension.kind == CHOICE:
        *others, last = (_told(each) for each in dimension.choices)
        return f"{', '.join(others)} or {last}" if others else last
    if dimension.low == dimension.high:
        return f"{dimension.low:g}"
    whole = ", whole numbers" if dimension.kind == INT and dimension.step is None else ""
    step = f", in steps of {dimension.step:g}" if dimension.step is not None else ""
    if dimension.spread is not None:
        name = "lognormal" if dimension.log else "normal"
        return f"{name}, mean {dimension.mean:g}, spread {dimension.spread:g}{whole}{step}"
    scale = ", logarithmic" if dimension.log else ""
    return f"{dimension.low:g} to {dimension.high:g}{scale}{whole}{step}"


def _told(value: object) -> str:
    if value is None or value == "":
        return "none"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value).lower() if isinstance(value, bool) else str(value)
