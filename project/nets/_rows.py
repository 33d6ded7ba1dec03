"""A graph as rows of a picture: what stands in each, and how it looks."""

from collections.abc import Iterator
from math import log2
from typing import NamedTuple

from project.nets.graph import Graph, GraphNode
from project.nets.items import Shape, shown

DEEPEST = 7  # halvings of a map that are shown by the place of a box


class Row(NamedTuple):
    """What stands in a row: a layer, what comes in, or what comes out.

    Attributes:
        name: without that of its block, which stands beside it.
        word: of the file, where the name does not say it; else empty.
        inputs: rows whose outputs it takes.
        shapes: of what it gives.
        parameters: in its module.
        shared: whether a row above has the same module, and these with it.
        look: `end`, `joins` (takes several), `weights`, `resizes`, or `other`.
        block: that it is of; None: none.
        level: how often its map is halved.
        told: all about it, in a line.
    """

    name: str
    word: str
    inputs: tuple[int, ...]
    shapes: tuple[Shape, ...]
    parameters: int
    shared: bool
    look: str
    block: str | None
    level: int
    told: str


def rows_of(graph: Graph) -> list[Row]:
    """The graph's nodes in their order, and its outputs after them."""
    levels = _levels(graph)
    rows = [_of_node(graph, place, level) for place, level in enumerate(levels)]
    for name, place in zip(graph.names, graph.outputs, strict=True):
        source = rows[place]
        word = "" if name == "output" else "output"
        told = f"{name}: what {graph.nodes[place].name} gives"
        rows.append(
            Row(name, word, (place,), source.shapes, 0, False, "end", None, source.level, told)
        )
    return rows


def _of_node(graph: Graph, place: int, level: int) -> Row:
    node = graph.nodes[place]
    prefix = f"{node.block}."
    name = node.name.removeprefix(prefix) if node.block else node.name
    own = name.rpartition(".")[2]
    word = "" if own.startswith(node.item) or place == 0 else node.item
    shapes = node.shapes or (node.shape,)
    parameters = sum(p.numel() for p in node.module.parameters()) if node.module else 0
    sources = ", ".join(graph.nodes[i].name for i in node.inputs)
    told = f"{node.name}: {node.item}, gives {shown(shapes)}"
    told += f", takes {sources}" if sources else ""
    told += f", {parameters:,} parameters" if parameters else ""
    shared = any(node.module is not None and n.module is node.module for n in graph.nodes[:place])
    told += " shared with a layer above" if shared and parameters else ""
    told += f", line {node.line}" if node.line else ""
    look = _look(graph, node)
    return Row(name, word, node.inputs, shapes, parameters, shared, look, node.block, level, told)


def _look(graph: Graph, node: GraphNode) -> str:
    if not node.inputs:
        return "end"
    if len(set(node.inputs)) > 1:
        return "joins"
    if node.module and any(True for _ in node.module.parameters()):
        return "weights"
    before = graph.nodes[node.inputs[0]]
    same = before.shapes or before.shape[1:] == node.shape[1:]
    return "other" if same else "resizes"


def _levels(graph: Graph) -> Iterator[int]:
    """How often each node's map is halved, from the largest of all; features don't move."""
    largest = max((max(node.shape[1:], default=1) for node in graph.nodes), default=1)
    levels: list[int] = []
    for node in graph.nodes:
        if len(node.shape) > 1:
            level = min(DEEPEST, round(log2(largest / max(node.shape[1:]))))
        else:
            level = levels[node.inputs[0]] if node.inputs else 0
        levels.append(level)
        yield level
