"""Tables and headings as lines of text that fit a terminal, or are whole where there is none."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from project.words.telling import clean
from project.words.width import cell_width

GAP = 2
_NARROWEST = 8
_CUT = "..."


@dataclass(frozen=True)
class Line:
    """A line and how a terminal shows it: a style of rich, such as bold or green."""

    text: str = ""
    style: str = ""


@dataclass(frozen=True)
class Table:
    """Cells in columns.

    Attributes:
        header: A heading for each column.
        rows: As many cells as headings each.
        right: Columns that end together, as numbers do.
        essential: How many first columns may not be left out where space is short.
        blocks: Columns that don't fit go into a table below, which repeats the essential ones;
            otherwise they are left out and named.
        widest: No column is wider; if None, half of the space.
    """

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    right: frozenset[int] = field(default_factory=frozenset)
    essential: int = 1
    blocks: bool = False
    widest: int | None = None


def heading(text: str) -> list[Line]:
    """A title, with an empty line before it."""
    return [Line(), Line(text, "bold")]


def table_lines(table: Table, width: int | None) -> list[Line]:
    """The table's lines, at most `width` columns wide; of any width if that is None."""
    cells = [[clean(cell) for cell in row] for row in (table.header, *table.rows)]
    if width is None:
        return _lines(cells, range(len(table.header)), table.right, None)
    widths = _widths(cells, table.widest or max(_NARROWEST, (width - GAP) // 2))
    parts = _parts(widths, table.essential, width)
    found = []
    for part in parts if table.blocks else parts[:1]:
        found += _lines([[row[i] for i in part] for row in cells], part, table.right, width, widths)
    if len(parts) > 1 and not table.blocks:
        lacking = [i for part in parts[1:] for i in part if i >= table.essential]
        names = ", ".join(cells[0][i] for i in lacking)
        found += wrapped(f"no room for {names}", width, "dim")
    return found


def wrapped(text: str, width: int | None, style: str = "") -> list[Line]:
    """A sentence over as many lines as it needs."""
    from textwrap import wrap

    # It counts letters, and some take two columns.
    return [Line(cut(line, width), style) for line in wrap(clean(text), width or 10**6)]


def cut(text: str, width: int | None) -> str:
    """The text, or its beginning if it is too wide."""
    if width is None or cell_width(text) <= width:
        return text
    kept = text[:width]
    while kept and cell_width(kept) > max(0, width - len(_CUT)):
        kept = kept[:-1]
    return kept + _CUT[:width]


def _widths(cells: Sequence[Sequence[str]], widest: int) -> list[int]:
    columns = zip(*cells, strict=True)
    return [min(widest, max(map(cell_width, column))) for column in columns]


def _parts(widths: Sequence[int], essential: int, width: int) -> list[list[int]]:
    """Columns of each part, the essential ones first; a part has at least one other, if any."""
    always = list(range(min(essential, len(widths))))
    parts, room = [list(always)], 0
    start = sum(widths[i] + GAP for i in always) - GAP
    room = width - start
    for index in range(len(always), len(widths)):
        need = widths[index] + GAP
        if need > room and len(parts[-1]) > len(always):
            parts.append(list(always))
            room = width - start
        parts[-1].append(index)
        room -= need
    return parts


def _lines(
    cells: Sequence[Sequence[str]],
    columns: Iterable[int],
    right: frozenset[int],
    width: int | None,
    all_widths: Sequence[int] | None = None,
) -> list[Line]:
    columns = list(columns)
    widths = [all_widths[i] for i in columns] if all_widths else _widths(cells, 10**9)
    found = []
    for number, row in enumerate(cells):
        padded = (
            _pad(cut(cell, size), size, index in right)
            for index, cell, size in zip(columns, row, widths, strict=True)
        )
        text = cut((" " * GAP).join(padded).rstrip(), width)
        found.append(Line(text, "" if number else "bold"))
    return found


def _pad(text: str, width: int, right: bool) -> str:
    space = " " * (width - cell_width(text))
    return space + text if right else text + space
