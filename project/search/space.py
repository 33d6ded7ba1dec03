"""The space of a sweep: of flags, of a file, and as a file to begin with."""

from collections.abc import Sequence
from pathlib import Path

from project.search.ranges.asking import asked
from project.search.ranges.dimension import Dimension
from project.search.ranges.space import Space
from project.search.ranges.template import written

__all__ = ["Dimension", "Space", "space_of", "template"]


def space_of(flags: Sequence[str], search: Sequence[str], file: Path | None) -> Space:
    """The space that a command line asks for.

    Args:
        flags: the command line of `project.run` that trials have in common.
        search: names of flags to be searched in the ranges that stand on their fields.
        file: of ranges, conditions and exclusions; or one of NNI.

    Raises:
        ValueError: one line for each thing that is wrong, all of them at once.
    """
    return asked(flags, search, file)


def template(flags: Sequence[str]) -> str:
    """A file for `--space` with every flag that has a range, of which a person keeps some.

    Raises:
        ValueError: the command line is wrong; a line for each mistake.
    """
    return written(flags)
