"""A net as a graph: nodes in the order in which they run, what each takes, and where that ends."""

from dataclasses import dataclass
from functools import cached_property

from torch import nn

from project.nets.items import Shape


@dataclass(frozen=True, eq=False)
class GraphNode:
    """A module that runs at one place of a net.

    Attributes:
        name: its own, `stage.conv_1`: of the file, or of the word and a number.
        item: its word in the file; `input` for what comes into the net.
        module: that runs; None for what comes in as it is.
        path: of the module in the net; nodes that share weights share it.
        inputs: places in the graph of what it takes.
        shape: of what it gives, without the batch; of several tensors that of the first.
        line: of the file.
        block: the block, repeat or `use` that it stands in; None: none.
        shapes: of each tensor that it gives, where these are several.
    """

    name: str
    item: str
    module: nn.Module | None
    path: str
    inputs: tuple[int, ...]
    shape: Shape
    line: int
    block: str | None = None
    shapes: tuple[Shape, ...] = ()


@dataclass(frozen=True, eq=False)
class Graph:
    """Nodes in order; each takes what earlier ones give.

    Attributes:
        nodes: the first is what comes into the net.
        outputs: places of what the net gives.
        names: of the outputs, in the same order, as the file has them.
        path: of the file.
        line: of the file that says what they are.
        warnings: lines about what the file says in vain.
    """

    nodes: tuple[GraphNode, ...]
    outputs: tuple[int, ...]
    names: tuple[str, ...]
    path: str
    line: int = 1
    warnings: tuple[str, ...] = ()

    @cached_property
    def last_use(self) -> tuple[int, ...]:
        """By node, the place of the last one that takes what it gives; of an output, the end."""
        found = list(range(len(self.nodes)))
        for place, node in enumerate(self.nodes):
            for taken in node.inputs:
                found[taken] = place
        for place in self.outputs:
            found[place] = len(self.nodes)
        return tuple(found)
