"""From what a file says to a graph: layer by layer on the meta device, then with real weights."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from torch import nn

from project.nets.graph import GraphNode
from project.nets.leaves import MOST, Leaves, TooMany
from project.nets.making import Make, value_of
from project.nets.scope import WRONG, Placed, Scope, named_in
from project.nets.structure import Select
from project.nets.text.catalogue import Takes, Word
from project.nets.text.document import INPUT, PREVIOUS, Block, Document, Layer
from project.nets.text.numbers import ANY, INDEX, Known, meant
from project.nets.tracing import several

LOOKED_AT = 20_000  # layers, those among them of which nothing is left, such as empty repeats
DEEPEST = 50  # blocks and repeats inside each other
_COUNT = Takes(True, True, False)


class Assembly(Leaves):
    """The nodes that lists of layers become: each word of structure, and what stands alone.

    Args and attributes are those of `Leaves`.
    """

    def __init__(self, document: Document, known: Known, hparams: Any) -> None:
        super().__init__(document, known, hparams)
        self._groups: dict[int, dict[str | int, int]] = {}
        self._looked_at = self._depth = 0

    def layers(self, layers: Sequence[Layer], scope: Scope, before: int | None) -> int:
        """Run layers, one after another; returns the place of what the last one gives."""
        for layer in layers:
            name = layer.name or scope.unnamed(layer.word.name)
            self._check_name(layer, name)
            weights = f"{scope.weights}{name}"
            before = self._one(layer, scope, before, name, weights)
            if layer.name is not None:
                scope.values.setdefault(name, before)
                scope.placed.setdefault(name, Placed(layer, scope.known, weights))
        return WRONG if before is None else before

    def _check_name(self, layer: Layer, name: str) -> None:
        if hasattr(nn.Module, name) or name in ("training", "graph"):
            self.document.tell(layer.line, f"{layer.told}: PyTorch has that word; rename it")

    def _one(self, layer: Layer, scope: Scope, before: int | None, name: str, weights: str) -> int:
        named = [before if n == PREVIOUS else scope.value(n) for n in layer.sources]
        inputs = named if layer.replaces else [before, *named]
        places = [place for place in inputs if place is not None]
        return self._run(layer, scope, places, name, weights)

    def _run(self, layer: Layer, scope: Scope, places: list[int], name: str, weights: str) -> int:
        """Run a layer of any kind; returns the place of what it gives."""
        kinds = {"repeat": self._repeat, "use": self._use, "block": self._block}
        kinds["select"] = self._select
        run_kind = kinds.get(layer.kind, self.leaf)
        self._count(layer)
        self._depth += 1
        found = WRONG if layer.kind == "wrong" else run_kind(layer, scope, places, name, weights)
        self._depth -= 1
        return found

    def _count(self, layer: Layer) -> None:
        self._looked_at += 1
        if self._depth > DEEPEST or self._looked_at > LOOKED_AT:
            deep = f"blocks are inside each other more than {DEEPEST} deep"
            why = deep if self._depth > DEEPEST else f"the net has more than {LOOKED_AT} layers"
            self.document.tell(layer.line, why)
            raise TooMany

    def _repeat(
        self, layer: Layer, scope: Scope, places: list[int], name: str, weights: str
    ) -> int:
        times = value_of(self.document, layer, "times", scope.known, _COUNT)
        times = int(times) if isinstance(times, float) and times.is_integer() else times
        if type(times) is not int or not 0 <= times <= MOST:
            if times is not None:
                why = f"times must be a whole number from 0 to {MOST}, not {times}"
                self.document.tell(layer.line, f"{layer.told}: {why}")
            return WRONG
        shared = value_of(self.document, layer, "weights", scope.known) == "shared"
        found = places[0] if places else WRONG
        for i in range(times):
            inner = Scope(
                scope.known.within({INDEX: i}),
                {INPUT: found},
                named_in(layer.layers),
                f"{scope.path}{name}.{i}.",
                f"{weights}.{0 if shared else i}.",
                f"{scope.path}{name}",
                scope,
            )
            before = len(self.document.problems)
            found = self.layers(layer.layers, inner, found)
            if len(self.document.problems) > before:
                return WRONG  # the same mistake in each
        return found

    def _use(self, layer: Layer, scope: Scope, places: list[int], name: str, weights: str) -> int:
        """Run what has run before once more, or a block; with the same weights or others."""
        of = str(layer.given["of"].value) if "of" in layer.given else ""
        own = value_of(self.document, layer, "weights", scope.known) == "own"
        placed = scope.found(of)
        if placed is not None:
            there = replace(scope, known=placed.known)
            again = replace(placed.layer, name=layer.name, sources=(), line=layer.line)
            return self._run(again, there, places, name, weights if own else placed.weights)
        block = self.document.blocks.get(of)
        if block is None:
            return WRONG
        word = Word(of, {}, None, len(block.inputs), len(block.inputs))
        again = replace(layer, kind="block", word=word, given={}, sources=())
        top = {*named_in(self.document.layers)}
        path = next(p for n in range(len(top) + 1) if (p := f"shared_{of}{'_' * n}") not in top)
        return self._run(again, scope, places, name, weights if own else path)

    def _block(self, layer: Layer, scope: Scope, places: list[int], name: str, weights: str) -> int:
        block = self.document.blocks[layer.word.name]
        own = self._parameters(layer, block, scope)
        if own is None or len(places) != len(block.inputs):
            return WRONG
        inner = Scope(
            self.known.within(own),
            dict(zip(block.inputs, places, strict=True)),
            named_in(block.layers),
            f"{scope.path}{name}.",
            f"{weights}.",
            f"{scope.path}{name}",
        )
        before = len(self.document.problems)
        last = self.layers(block.layers, inner, places[0] if len(places) == 1 else None)
        outputs = [inner.value(each) for each in block.outputs] or [last]
        if len(self.document.problems) > before or WRONG in outputs:
            return WRONG
        if len(outputs) == 1:
            return outputs[0]
        named = dict(zip(block.outputs, outputs, strict=True))
        return self._together(layer, scope, named, name)

    def _parameters(self, layer: Layer, block: Block, scope: Scope) -> dict[str, Any] | None:
        """What a block's parameters are in one use of it; those before may stand in a default."""
        found: dict[str, Any] = {}
        right = True
        for name, default in block.parameters.items():
            node = layer.given.get(name, default)
            there = scope.known if name in layer.given else self.known.within(found)
            if node is None:
                self.document.tell(layer.line, f"{layer.told}: block {block.name} needs {name}")
                right = False
                continue
            try:
                found[name] = meant(node, ANY, there)
            except ValueError as error:
                self.document.tell(node.line, f"{layer.told}: {name} {error}")
                right = False
        return found if right else None

    def _together(self, layer: Layer, scope: Scope, outputs: Mapping[str, int], name: str) -> int:
        """Several tensors of a block as one value, which only `select` can take."""
        places = tuple(outputs.values())
        values = tuple(self.values[place] for place in places)
        shapes = tuple(self.nodes[place].shape for place in places)
        where = f"{scope.path}{name}", "block", None, "", places
        place = self.add(GraphNode(*where, shapes[0], layer.line, scope.block, shapes), values)
        self._groups[place] = {**outputs, **dict(enumerate(places))}
        return place

    def _select(self, layer: Layer, scope: Scope, places: list[int], name: str, path: str) -> int:
        """One of several tensors, or what comes as it is."""
        index = value_of(self.document, layer, "index", scope.known)
        place = places[0] if places else WRONG
        if place == WRONG or index is None:
            return place
        group = self._groups.get(place)
        count = len(several(self.values[place]))
        if group is None and count:
            return self.module_at(layer, scope, [place], name, path, Make(lambda _: Select(index)))
        if group is None or isinstance(index, list | dict) or index not in group:
            of, known = self.nodes[place].name, ", ".join(map(str, group or ()))
            why = f"{of} gives {known or 'one tensor'}, no {index}"
            self.document.tell(layer.line, f"{layer.told}: {why}")
            return WRONG
        return group[index]
