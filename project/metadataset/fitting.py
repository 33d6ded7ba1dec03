"""Whether a past setting is one that a sweep could try: same task, same parts, all in range."""

import math
from collections.abc import Mapping
from typing import Any

from project.metadataset.facts import BUILT_OF, chosen
from project.plugs import serving
from project.search.ranges.dimension import CHOICE, INT, Dimension
from project.search.ranges.space import Space
from project.search.values import Plain

Setting = Mapping[str, Any]
# Which samples there are, besides the name of the data set.
_OF_DATA = ("train_classes", "synthetic_samples", "synthetic_classes", "synthetic_shape")
# Two numbers that differ by no more are one value of a range.
_SAME = 1e-9


def is_alike(setting: Setting, task: Setting, flags: Setting, space: Space) -> bool:
    """Whether a setting has the task, the data set and, but for what is searched, the plugs asked.

    Args:
        setting: hyperparameters of past runs.
        task: the row of their task.
        flags: of the sweep's command line.
        space: what is searched.
    """
    searched = {each.name for each in space.dimensions}
    parts = [kind for kind in BUILT_OF if kind not in searched]
    return (
        task["name"] == task_of(flags)
        and all(setting.get(name) == flags.get(name) for name in ("data", *_OF_DATA))
        and all(chosen(setting, kind) == chosen(flags, kind) for kind in parts)
    )


def task_of(flags: Setting) -> str:
    """The task that flags mean: the data set's, where they name none."""
    return serving.task_of({"data": flags["data"], "task": flags.get("task")})


def values_in(space: Space, setting: Setting) -> dict[str, Plain] | None:
    """A setting's values of the flags that are searched and count; None if it is not in the space.

    Whole numbers, steps and choices are as the sweep itself would have them.
    """
    try:
        values = space.completed(lambda dimension: _value(dimension, setting.get(dimension.name)))
    except LookupError:
        return None
    return values if space.allows(values) else None


def _value(dimension: Dimension, value: Any) -> Plain:
    """A value as the range has it.

    Raises:
        LookupError: the range does not hold it.
    """
    if dimension.kind == CHOICE:
        text = " ".join(map(str, value)) if isinstance(value, list) else value
        for each in dimension.choices:
            if each == text and isinstance(each, bool) == isinstance(text, bool):
                return each
    elif dimension.has(value):
        if dimension.step is None:
            return int(value) if dimension.kind == INT else float(value)
        nearest = dimension.at(dimension.position(value))
        if math.isclose(nearest, value, rel_tol=_SAME, abs_tol=_SAME * dimension.step):
            return nearest
    raise LookupError(dimension.name)
