"""The links of a net's layers: each goes back to a name that is there; what is used by nothing."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from project.nets.text.document import PREVIOUS, Document, Layer, every
from project.words.telling import clipped, did_you_mean, quoted

# What comes before a layer: a name outside of its list, or the place of one in it.
Origin = str | int


@dataclass
class Scope:
    """A list of layers whose names are looked up together.

    Attributes:
        layers: in order.
        inputs: names of what comes in.
        outer: names that are visible from outside, of a repeat.
        of: in messages, ` of block tower`.
    """

    layers: Sequence[Layer]
    inputs: tuple[str, ...]
    outer: frozenset[str] = frozenset()
    of: str = ""
    places: dict[str, int] = field(default_factory=dict)


def check(document: Document) -> None:
    """Tell names that are unknown, repeated or used before they are there, and vain layers."""
    for block in document.blocks.values():
        scope = Scope(block.layers, block.inputs, of=f" of block {block.name}")
        _check(document, scope, block.outputs, block.line)
    if document.blocks:
        _cycles_of_blocks(document)
    top = Scope(document.layers, tuple(document.inputs))
    _check(document, top, document.outputs, document.outputs_line)
    used = {layer.word.name for layer in every(document)} | {
        str(layer.given["of"].value) for layer in every(document) if "of" in layer.given
    }
    for name in document.blocks.keys() - used:
        document.warn(document.blocks[name].line, f"block {name} is used by nothing")


def _check(document: Document, scope: Scope, outputs: tuple[str, ...], line: int) -> None:
    _places(document, scope)
    origins = [_origins(document, scope, i) for i in range(len(scope.layers))]
    for i, layer in enumerate(scope.layers):
        _told_links(document, scope, i, origins)
        if layer.kind == "use":
            _of(document, scope, i)
        if layer.kind == "repeat":
            outer = scope.outer | {n for n, at in scope.places.items() if at < i}
            inner = Scope(layer.layers, ("input",), outer | set(scope.inputs), scope.of)
            _check(document, inner, (), layer.line)
    known = [*scope.places, *scope.inputs]
    for name in outputs:
        if name not in known:
            near = did_you_mean(name, known)
            document.tell(line, f"outputs{scope.of}: there is no layer {quoted(name)}{near}")
    _unused(document, scope, outputs, origins)


def _places(document: Document, scope: Scope) -> None:
    for i, layer in enumerate(scope.layers):
        if layer.name is None:
            continue
        first = scope.places.setdefault(layer.name, i)
        if first != i:
            at = f"first in line {scope.layers[first].line}"
            document.tell(layer.line, f"{layer.told}: the name is given twice ({at}); rename one")
        elif layer.name in scope.inputs or layer.name in scope.outer:
            document.tell(layer.line, f"{layer.told}: the name is given outside too; rename one")


def _origins(document: Document, scope: Scope, i: int) -> list[Origin]:
    """What a layer's inputs are; an unknown name is itself."""
    layer = scope.layers[i]
    before: list[Origin] = (
        [i - 1] if i else list(scope.inputs[:1] if len(scope.inputs) == 1 else [])
    )
    named = [before[0] if n == PREVIOUS else n for n in layer.sources if n != PREVIOUS or before]
    found: list[Origin] = [scope.places.get(n, n) if isinstance(n, str) else n for n in named]
    return found if layer.replaces else [*before, *found]


def _told_links(document: Document, scope: Scope, i: int, origins: list[list[Origin]]) -> None:
    layer, known = scope.layers[i], {*scope.inputs, *scope.outer}
    for name in layer.sources:
        place = scope.places.get(name)
        if name == PREVIOUS and not i and len(scope.inputs) > 1:
            document.tell(
                layer.line, f"{layer.told}: nothing came before it; name one of its inputs"
            )
        if name == PREVIOUS or name in known or place is not None and place < i:
            continue
        if place is None:
            near = did_you_mean(name, [*scope.places, *known])
            names = "" if near else f" (names: {', '.join([*scope.places, *sorted(known)])})"
            why = f"there is no layer {quoted(name)}{near}{names}"
        elif way := _way(origins, place, i):
            each = [scope.layers[at] for at in way]
            steps = " -> ".join(f"{one.told} (line {one.line})" for one in each)
            why = f"a cycle: {clipped(steps, 400)} -> {layer.told}"
        else:
            line = scope.layers[place].line
            why = f"{quoted(name)} is further down, in line {line}: a link goes back only"
        document.tell(layer.line, f"{layer.told}: {why}")
    _told_count(document, scope, i, origins[i])


def _told_count(document: Document, scope: Scope, i: int, found: list[Origin]) -> None:
    layer, word = scope.layers[i], scope.layers[i].word
    if layer.kind == "wrong":
        return
    if not found:
        names = " and ".join(scope.inputs)
        document.tell(layer.line, f"{layer.told}: the inputs are {names}: say which with from")
    elif extras := [origin for origin, n in Counter(found).items() if n > 1]:
        extra = extras[0]
        name = scope.layers[extra].told if isinstance(extra, int) else extra
        fix = "leave it out of from: what came before is there already"
        document.tell(layer.line, f"{layer.told}: {name} is its input twice; {fix}")
    elif len(found) < word.least or word.most is not None and len(found) > word.most:
        needs = f"{word.least}" if word.least == word.most else f"at least {word.least}"
        needs = needs if len(found) < word.least else f"{word.most} at most"
        fix = "add from" if len(found) < word.least else "leave some out of from"
        document.tell(layer.line, f"{layer.told} has {len(found)} inputs, and takes {needs}; {fix}")


def _way(origins: list[list[Origin]], start: int, goal: int) -> list[int]:
    """From a layer back along its inputs to another: the places on the way, none: it has none."""
    after: dict[int, int] = {start: start}
    waiting = [start]
    while waiting:
        at = waiting.pop()
        for origin in origins[at] if at != goal else ():
            if isinstance(origin, int) and origin not in after:
                after[origin] = at
                waiting.append(origin)
    way = [goal] if goal in after else []
    while way and way[-1] != start:
        way.append(after[way[-1]])
    return way


def _of(document: Document, scope: Scope, i: int) -> None:
    """Tell a `use` of what is neither a layer above nor a block."""
    layer = scope.layers[i]
    node = layer.given.get("of")
    if node is None:
        return
    place = scope.places.get(str(node.value))
    known = [n for n, at in scope.places.items() if at < i] + [*document.blocks]
    if str(node.value) not in known:
        later = f": it is further down, in line {scope.layers[place].line}" if place else ""
        near = later or did_you_mean(str(node.value), known)
        document.tell(node.line, f"{layer.told}: no layer above or block is {node.told}{near}")
    weights = layer.given.get("weights")
    if weights is not None and weights.value not in ("shared", "own"):
        document.tell(weights.line, f"{layer.told}: weights are shared or own, not {weights.told}")


def _unused(
    document: Document, scope: Scope, outputs: tuple[str, ...], origins: list[list[Origin]]
) -> None:
    """Warn of branches that end nowhere."""
    ends: list[Origin] = [scope.places.get(name, name) for name in outputs]
    ends = ends or [len(scope.layers) - 1]
    used: set[Origin] = set(ends)
    waiting = list(used)
    while waiting:
        at = waiting.pop()
        for origin in origins[at] if isinstance(at, int) and at >= 0 else ():
            if origin not in used:
                used.add(origin)
                waiting.append(origin)
    fed = {origin for each in origins for origin in each}
    for i, layer in enumerate(scope.layers):
        if i not in used and i not in fed:
            document.warn(layer.line, f"{layer.told} is used by nothing: its branch is left out")


def _cycles_of_blocks(document: Document) -> None:
    """Tell blocks that use themselves, by others or at once."""
    from graphlib import CycleError, TopologicalSorter  # which nets without blocks need not pay

    uses = {block.name: _used(block.layers) for block in document.blocks.values()}
    while True:
        try:
            return TopologicalSorter(uses).prepare()
        except CycleError as error:
            first, *others = reversed(error.args[1])
            steps = " -> ".join([first, *others])
            line = document.blocks[first].line
            document.tell(line, f"block {first}: a cycle: {clipped(steps, 200)}")
            del uses[first]


def _used(layers: Sequence[Layer]) -> set[str]:
    found: set[str] = set()
    for layer in layers:
        found |= {layer.word.name} if layer.kind == "block" else _used(layer.layers)
        if layer.kind == "use" and "of" in layer.given:
            found.add(str(layer.given["of"].value))
    return found
