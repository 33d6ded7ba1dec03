"""Layers that stand alone: each becomes a module on the meta device, and a node of the graph."""

from typing import Any

from torch import Tensor, nn

from project.nets.graph import GraphNode
from project.nets.items import Shape
from project.nets.making import Make, make_of
from project.nets.scope import WRONG, Scope
from project.nets.text.document import Document, Layer
from project.nets.text.numbers import Known
from project.nets.tracing import run, several

MOST = 2000  # layers that run


class TooMany(Exception):
    """The net has more layers than are looked through."""


class Leaves:
    """The nodes so far; what is wrong is told to the document.

    Args:
        document: of the file; its problems grow.
        known: what has a value outside of blocks.
        hparams: the flags.

    Attributes:
        nodes: so far.
        makes: what makes each module, by its path, and the shapes of its first inputs.
        sizes: how many weights each module has.
    """

    def __init__(self, document: Document, known: Known, hparams: Any) -> None:
        self.document, self.known, self.hparams = document, known, hparams
        self.nodes: list[GraphNode] = []
        self.values: list[Any] = []
        self.makes: dict[str, tuple[Make, list[Shape]]] = {}
        self.sizes: dict[str, int] = {}
        self._modules: dict[str, nn.Module | None] = {}

    def add(self, node: GraphNode, value: Any) -> int:
        """Enter a node with what it gives; returns its place.

        Raises:
            TooMany: there are too many.
        """
        if len(self.nodes) > MOST:
            self.document.tell(node.line, f"the net has more than {MOST} layers")
            raise TooMany
        self.nodes.append(node)
        self.values.append(value)
        return len(self.nodes) - 1

    def made(self, path: str, on_meta: bool) -> nn.Module:
        """The module of a path, with weights unless it stays on the meta device."""
        make, shapes = self.makes[path]
        module = self._modules.get(path) if on_meta else None
        return (module or make.build(shapes)).train()

    def leaf(self, layer: Layer, scope: Scope, places: list[int], name: str, path: str) -> int:
        """Run one module."""
        make = make_of(self.document, layer, (scope.known, self.known), self.hparams)
        if make is None or not places or WRONG in places:
            return WRONG
        try:
            self._refuse_several(places)
        except ValueError as error:
            self.document.tell_of(layer, error)
            return WRONG
        return self.module_at(layer, scope, places, name, path, make)

    def module_at(
        self, layer: Layer, scope: Scope, places: list[int], name: str, path: str, make: Make
    ) -> int:
        """Run what `make` makes, or has made for this path; returns the place of what it gives."""
        given = [self.values[place] for place in places]
        try:
            found = run(self._module(path, make, given), given)
        except ValueError as error:
            self.document.tell_of(layer, error)
            return WRONG
        shapes = [tuple(tensor.shape[1:]) for tensor in several(found) or [found]]
        where = f"{scope.path}{name}", layer.word.name, None, path, tuple(places)
        more = tuple(shapes) if len(shapes) > 1 else ()
        return self.add(GraphNode(*where, shapes[0], layer.line, scope.block, more), found)

    def _refuse_several(self, places: list[int]) -> None:
        for place in places:
            if count := len(several(self.values[place])):
                node = self.nodes[place].name
                raise ValueError(f"{node} gives {count} tensors: put select: 0 after it, or name")

    def _module(self, weights: str, make: Make, given: list[Any]) -> nn.Module:
        """The module of a path, made on the meta device where it is not there yet."""
        if weights not in self._modules:
            shapes = [tuple(v.shape[1:]) for v in given if isinstance(v, Tensor)]
            self._modules[weights] = None
            self._modules[weights] = make.trial(shapes)
            self.makes[weights] = make, shapes
            self.sizes[weights] = sum(p.numel() for p in self._modules[weights].parameters())
        module = self._modules[weights]
        if module is None:
            raise ValueError("its weights could not be made, see above")
        return module
