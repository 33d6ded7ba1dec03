"""The costs of a model's layers as a table for people, and as what JSON holds."""

from collections.abc import Sequence
from typing import Any

from project.nets.costs import Cost, Costs
from project.nets.items import shown
from project.words.sizes import count_text, size_text

HEADER = ("layer", "item", "from", "output", "parameters", "FLOPs", "kept")
_WORDS = 4  # columns of words; those of numbers stand to the right


def table_text(costs: Costs) -> str:
    """A line for each layer, aligned, and the totals.

    `from` says what a layer takes where that is not the output of the line above alone; `kept` is
    what training keeps of an image.
    """
    rows = [HEADER, *_rows(costs.layers)]
    used = [i for i in range(len(HEADER)) if any(row[i] for row in rows[1:])]
    widths = {i: max(len(row[i]) for row in rows) for i in used}
    lines = [
        "  ".join(
            row[i].ljust(widths[i]) if i < _WORDS else row[i].rjust(widths[i]) for i in used
        ).rstrip()
        for row in rows
    ]
    return "\n".join([*lines, *_totals(costs)])


def as_json(costs: Costs) -> dict[str, Any]:
    """Every number of `table_text` with all its digits: bytes, operations, by name."""
    found = costs._asdict()
    found["layers"] = [cost._asdict() for cost in costs.layers]
    return found


def _rows(layers: Sequence[Cost]) -> list[tuple[str, ...]]:
    rows = []
    above: str | None = None
    for cost in layers:
        simple = above is None or cost.inputs == (above,)
        parameters = f"of {cost.shared}" if cost.shared else f"{cost.parameters:,}"
        numbers = (parameters, count_text(cost.flops), size_text(cost.kept))
        sources = "" if simple else ", ".join(cost.inputs)
        rows.append((cost.name, cost.kind, sources, shown(cost.shapes), *numbers))
        above = cost.name
    return rows


def _totals(costs: Costs) -> list[str]:
    parameters = f"{costs.parameters:,} parameters, {costs.trainable:,} trainable"
    flops = f"{count_text(costs.flops)} FLOPs forwards"
    kept = f"training keeps {size_text(costs.kept)}"
    lines = [parameters, f"an image: {flops}; {kept}"]
    if costs.peak is not None:
        lines[-1] += f"; without gradients at most {size_text(costs.peak)} at once"
    return lines
