"""The table in README.md: what was asked, what was found, on which machine."""

from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks._machine import machine_line
from benchmarks._result import Goal, Result

README = Path(__file__).with_name("README.md")
BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"
HEAD = """| script | what | of | to | ratio (spread) | goal | met | n |
|---|---|---|---|---|---|---|---|"""


def write(found: dict[str, Sequence[Result]], path: Path = README) -> None:
    """Replace what stands between the markers.

    Args:
        found: results by script.
        path: the file with the markers.
    """
    text = path.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    table = "\n".join([HEAD, *rows(found)])
    block = f"{BEGIN}\n{machine_line()}\n\n{table}\n{END}"
    path.write_text(before + block + after, encoding="utf-8")


def rows(found: dict[str, Sequence[Result]]) -> list[str]:
    """A row for each ratio."""
    return [
        _row(script, result, goal)
        for script, results in found.items()
        for result in results
        for goal in result.goals
    ]


def _row(script: str, result: Result, goal: Goal) -> str:
    ratios = result.ratios(goal)
    ratio = median(ratios)
    met = {True: "yes", False: "**no**", None: ""}[goal.is_met(ratio)]
    spread = f"{ratio:.3g} ({min(ratios):.3g} to {max(ratios):.3g})"
    cells = [f"`{script}`", f"{result.title}, {result.unit}", goal.case, goal.reference]
    return f"| {' | '.join([*cells, spread, str(goal), met, str(len(ratios))])} |"
