"""A net's graph as an SVG picture: layers from top to bottom, their links beside them."""

from collections.abc import Iterator, Sequence
from html import escape
from itertools import cycle, groupby
from pathlib import PurePath
from typing import NamedTuple

from project.nets._lanes import Link, lanes_of
from project.nets._rows import Row, rows_of
from project.nets.graph import Graph
from project.nets.items import plain
from project.words.sizes import count_text
from project.words.width import squeezed

# Pixels: between boxes, of a box, by what a halved map is moved, from lane to lane, from link to
# link that goes into one box, at the edge.
GAP, HEIGHT, WIDTH, STEP, LANE, ENTRY, EDGE = 12, 28, 320, 22, 14, 7, 18
TOP, GUTTER = 70, 124  # for the heading, and for names of blocks
BOLD, LIGHT = 7.7, 6.3  # of a letter of names, and of the words beside them, in a wide font
# Of a box, by the look of its row: its fill, its edge, and what the legend says.
LOOKS = {
    "weights": ("#d7e8fb", "#2367b1", "has weights"),
    "joins": ("#ffe3c2", "#c76a00", "takes several"),
    "resizes": ("#d5f0de", "#1c7c43", "another size"),
    "other": ("#f1f1f1", "#8a8a8a", "other"),
    "end": ("#3a3f47", "#3a3f47", ""),
}
# Of links; told apart by people who see few colours, too (Wong, Nature Methods, 2011).
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc5a9e", "#6a4c93", "#a6761d", "#3aa0d8", "#444444")


class Box(NamedTuple):
    """Where a row's box is."""

    left: int
    top: int
    height: int

    @property
    def right(self) -> int:
        return self.left + WIDTH

    @property
    def bottom(self) -> int:
        return self.top + self.height


def picture(graph: Graph) -> str:
    """The graph as SVG: a box for each layer, the further right the smaller its map is.

    A line from box to box is what a layer takes from the one above. All else that it takes comes in
    at its right side, in lines of one colour from each layer.
    """
    rows = rows_of(graph)
    links = lanes_of([row.inputs for row in rows])
    entries = [sorted(link.lane for link in links if i in link.targets) for i in range(len(rows))]
    boxes = _boxes(rows, entries)
    first = max(box.right for box in boxes) + LANE + 6
    title = _title(graph)
    width = first + LANE * (1 + max((link.lane for link in links), default=-1)) + EDGE
    width, height = max(width, 2 * EDGE + round(9.2 * len(title))), boxes[-1].bottom + EDGE
    parts = [*_heading(title), *_bands(rows, boxes), *_steps(rows, boxes)]
    colours = dict(zip(sorted(link.source for link in links), cycle(COLOURS), strict=False))
    for link in links:
        ends = [_entry(boxes[i], entries[i], link.lane) for i in link.targets]
        parts += _link(boxes, link, ends, first + LANE * link.lane, colours[link.source])
    parts += [_drawn(row, box) for row, box in zip(rows, boxes, strict=True)]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0'
        f' {width} {height}" role="img" font-family="system-ui, sans-serif" font-size="12">'
    )
    ground = (
        f'<title>{escape(title)}</title>\n<rect width="{width}" height="{height}" fill="#fff"/>'
    )
    return "\n".join([head, ground, *parts, "</svg>\n"])


def _title(graph: Graph) -> str:
    modules = [node.module for node in graph.nodes if node.module is not None]
    parameters = {p for module in modules for p in module.parameters()}
    total = sum(p.numel() for p in parameters)
    incoming = plain(graph.nodes[0].shape).replace("x", "×")
    name = PurePath(graph.path).name
    return f"{name}: {len(modules)} layers, {total:,} parameters, images of {incoming}"


def _boxes(rows: Sequence[Row], entries: Sequence[Sequence[int]]) -> list[Box]:
    """One below the other; higher where more than three links go in."""
    boxes, top = [], TOP
    for row, lanes in zip(rows, entries, strict=True):
        height = HEIGHT + ENTRY * max(0, len(lanes) - 3)
        boxes.append(Box(GUTTER + STEP * row.level, top, height))
        top += height + GAP
    return boxes


def _entry(box: Box, lanes: Sequence[int], lane: int) -> int:
    """How far down a link goes into a box: those of outer lanes below those of inner ones."""
    return box.top + 5 + ENTRY * lanes.index(lane)


def _heading(title: str) -> Iterator[str]:
    yield _text(EDGE, 24, title, 'font-size="14" font-weight="600"')
    left = EDGE
    for fill, edge, words in LOOKS.values():
        if words:
            yield f'<rect x="{left}" y="36" width="12" height="12" rx="3" {_paint(fill, edge)}/>'
            yield _text(left + 17, 46, words, 'font-size="11" fill="#555"')
            left += 32 + 6 * len(words)


def _bands(rows: Sequence[Row], boxes: Sequence[Box]) -> Iterator[str]:
    """What stands behind the layers of one block, with its name."""
    for block, each in groupby(zip(rows, boxes, strict=True), key=lambda pair: pair[0].block):
        group = [box for _, box in each]
        if not block:
            continue
        top, right = group[0].top - 4, max(box.right for box in group) + 6
        yield (
            f'<rect x="{EDGE - 8}" y="{top}" width="{right - EDGE + 8}"'
            f' height="{group[-1].bottom + 4 - top}" rx="8" fill="#f6f7f9" stroke="#dfe3e8"/>'
        )
        outer, _, own = block.rpartition(".")
        lines = [each for each in (outer, own) if each] if len(group) > 1 else [block]
        for i, line in enumerate(lines):
            more = 'font-size="11" fill="#555"'
            yield _text(EDGE, top + 22 + 15 * i, squeezed(line, 16), more, block)


def _steps(rows: Sequence[Row], boxes: Sequence[Box]) -> Iterator[str]:
    """The lines from a box to the next one."""
    for place, row in enumerate(rows[1:]):
        if place in row.inputs:
            above, below = boxes[place], boxes[place + 1]
            x = max(above.left, below.left) + 24
            line = f"M{x} {above.bottom}V{below.top - 4}"
            yield f'<path d="{line}" stroke="#555" stroke-width="1.5"/>'
            yield f'<path d="M{x} {below.top}l-4 -6h8z" fill="#555"/>'


def _link(
    boxes: Sequence[Box], link: Link, ends: Sequence[int], x: int, colour: str
) -> Iterator[str]:
    """One layer's lines to layers further below: out at its right, along its lane, in again."""
    source, rights = boxes[link.source], [boxes[i].right for i in link.targets]
    out = source.bottom - 5
    trunk = f"M{source.right} {out}H{x - 6}Q{x} {out} {x} {out + 6}V{ends[-1] - 6}"
    ways = [
        f"M{x} {end - 6}Q{x} {end} {x - 6} {end}H{right + 5}"
        for right, end in zip(rights, ends, strict=True)
    ]
    for way in (trunk, *ways):
        # Leaves a gap in what it crosses.
        yield f'<path d="{way}" fill="none" stroke="#fff" stroke-width="4"/>'
    line = "".join([trunk, *ways])
    yield f'<path d="{line}" fill="none" stroke="{colour}" stroke-width="1.8"/>'
    for right, end in zip(rights, ends, strict=True):
        yield f'<path d="M{right} {end}l7 -4v8z" fill="{colour}"/>'


def _drawn(row: Row, box: Box) -> str:
    """A row's box, with its name, parameters and shape."""
    fill, edge, _ = LOOKS[row.look]
    ink, base = "#fff" if row.look == "end" else "#1c1f24", box.top + box.height // 2 + 4
    name = squeezed(row.name, 22)
    parts = [
        f'<rect x="{box.left}" y="{box.top}" width="{WIDTH}" height="{box.height}" rx="6"'
        f" {_paint(fill, edge)}/>",
        _text(box.left + 10, base, name, f'font-weight="600" fill="{ink}"'),
    ]
    if row.word and BOLD * len(name) + LIGHT * len(row.word) < 160:
        more = f'font-size="11" fill="{"#ccc" if row.look == "end" else "#666"}"'
        parts.append(_text(box.left + 17 + round(BOLD * len(name)), base, row.word, more))
    if row.parameters:
        more = f'font-size="11" fill="{edge}" text-anchor="end"'
        told = "shared" if row.shared else count_text(row.parameters)
        parts.append(_text(box.right - 104, base, told, more))
    shape = plain(row.shapes[0]).replace("x", "×")
    shape += f" +{len(row.shapes) - 1}" if len(row.shapes) > 1 else ""
    parts.append(_text(box.right - 10, base, shape, f'text-anchor="end" fill="{ink}"'))
    return f"<g><title>{escape(row.told)}</title>{''.join(parts)}</g>"


def _paint(fill: str, edge: str) -> str:
    return f'fill="{fill}" stroke="{edge}"'


def _text(x: int, y: int, words: str, more: str, told: str | None = None) -> str:
    title = f"<title>{escape(told)}</title>" if told else ""
    return f'<text x="{x}" y="{y}" {more}>{title}{escape(words)}</text>'
