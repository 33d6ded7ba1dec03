"""The table of checks, as lines."""

from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import Any

from project.words.telling import clean

_MARK = {"failed": "FAILED"}
_STATE = 11  # letters of the longest


def table(results: Sequence[Any], width: int | None = None) -> Iterator[str]:
    """What came of each check, and how many failed.

    Args:
        results: of the checks.
        width: of the terminal; what was found is told over several lines there. None: a line each,
            in columns, for other programs.
    """
    longest = max((len(result.name) for result in results), default=0)
    for result in results:
        state = _MARK.get(result.result, result.result)
        if width is None:
            yield clean(f"{result.name:<{longest}}  {state:<{_STATE}}  {result.found}").rstrip()
        else:
            text = clean(
                f"{state:<{_STATE}}  {result.name}{f': {result.found}' * bool(result.found)}"
            )
            yield from wrap(text, width, subsequent_indent=" " * (_STATE + 2))
    counts = {state: 0 for state in ("passed", "failed", "not checked")}
    for result in results:
        counts[result.result] += 1
    yield ", ".join(f"{n} {state}" for state, n in counts.items() if n)
