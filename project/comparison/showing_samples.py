"""The test samples that one of two runs gets right and the other wrong, as lines."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from project.comparison.layout import Line, Table, heading, table_lines, wrapped

# A screen of them.
_MOST = 20


def sample_lines(
    pairs: Sequence[Mapping[str, Any]], width: int | None, all: bool
) -> Iterator[Line]:
    """The samples of each pair of `disagreements`, those about which they differ most first.

    Args:
        pairs: of `disagreements`.
        width: of the terminal; None if there is none.
        all: as many as are known.
    """
    if not pairs:
        yield from heading("samples: nothing to compare")
        why = "both need a table of predictions, of the same test samples, as each test writes one"
        yield from wrapped(why, width, "dim")
    for pair in pairs:
        yield from heading(f"samples: {pair['first']} and {pair['second']}")
        shown = pair["samples"] if all or width is None else pair["samples"][:_MOST]
        rows = [_row(sample) for sample in shown]
        header = ["", *(["true"] if "target" in (shown or [{}])[0] else [])]
        header += [pair["first"], pair["second"]]
        yield from table_lines(Table(header, rows, blocks=True), width)
        if left := pair["first_alone"] + pair["second_alone"] - len(shown):
            more = "" if all else "; --all names more"
            yield from wrapped(f"{left:,} others{more}", width, "dim")


def _row(sample: Mapping[str, Any]) -> list[str]:
    name = sample["path"] or f"sample {sample['index']}"
    true = [sample["target"]] if "target" in sample else []
    return [name, *true, _said(sample["first"]), _said(sample["second"])]


def _said(found: Mapping[str, Any]) -> str:
    if "iou" in found:
        return f"IoU {found['iou']:.3f}"
    told = f"{found['prob']:.2f}" if "prob" in found else f"at {found['distance']:.2f}"
    return f"{found['prediction']} ({told})"
