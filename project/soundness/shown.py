"""The table of checks, as lines."""

from collections.abc import Iterator, Sequence
from typing import Any

from project.words.telling import clean

_MARK = {"failed": "FAILED"}


def table(results: Sequence[Any]) -> Iterator[str]:
    """A line for each check, and how many failed."""
    width = max((len(result.name) for result in results), default=0)
    for result in results:
        state = _MARK.get(result.result, result.result)
        yield clean(f"{result.name:<{width}}  {state:<11}  {result.found}").rstrip()
    counts = {state: 0 for state in ("passed", "failed", "not checked")}
    for result in results:
        counts[result.result] += 1
    yield ", ".join(f"{n} {state}" for state, n in counts.items() if n)
