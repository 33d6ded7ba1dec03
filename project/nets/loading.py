"""A net from a file's text: read, put together on the meta device, checked, made with weights."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import prod
from typing import Any

from project.nets.assembling import Assembly
from project.nets.graph import Graph, GraphNode
from project.nets.incoming import incoming
from project.nets.items import Shape
from project.nets.leaves import TooMany
from project.nets.net import Net
from project.nets.scope import WRONG, Scope, named_in
from project.nets.text.document import Document, Enough, in_order, line_of
from project.nets.text.numbers import OF_FLAGS, Known
from project.nets.text.reading import read
from project.nets.tracing import several
from project.words.sizes import size_text

_BYTES = 4  # of a weight, and of a value


def load(
    text: str, path: str, shape: Shape, n_outputs: int, hparams: Any, device: str | None = None
) -> Net:
    """The net that a file's text describes, with weights drawn from torch's global generator.

    Args:
        text: YAML, as `docs/nets.md` says.
        path: of the file, for messages.
        shape: of what comes in, `(channels, rows, columns)`, or of several views of it
            `(views, channels, rows, columns)`.
        n_outputs: of the task, `classes` in the file.
        hparams: the flags; `width`, `depth` and others are known in the file.
        device: "meta" for a net without weights, which is quick whatever its size; None: as torch
            makes them.

    Raises:
        ValueError: something is wrong; a line for each thing, with file, line and name.
    """
    document = read(text, path)
    own = {name: field.default for name, field in document.flags.items()}
    later = replace(document, problems=[])
    assembly, outputs = _assembled(later, _known(own, shape, n_outputs, hparams), shape, hparams)
    told = {line_of(problem, path) for problem in document.problems}
    problems = document.problems + [p for p in later.problems if line_of(p, path) not in told]
    nodes: list[GraphNode] = []
    assert problems or outputs and WRONG not in outputs, "what is wrong has been told"
    if not problems:
        nodes, outputs = _alive(assembly.nodes, outputs)
        problems = _too_large(path, nodes, assembly)
    if problems:
        raise ValueError("\n".join(in_order(problems, path)))
    modules = {}
    for node in nodes:
        if node.path in assembly.makes and node.path not in modules:
            modules[node.path] = assembly.made(node.path, on_meta=device == "meta")
    made = tuple(replace(node, module=modules.get(node.path)) for node in nodes)
    names = (document.main,) if document.main else document.outputs or ("output",)
    return Net(
        Graph(made, tuple(outputs), names, path, document.outputs_line, tuple(document.warnings))
    )


def _known(own: Mapping[str, Any], shape: Shape, n_outputs: int, hparams: Any) -> Known:
    """What has a value in the whole file: its settings, the model's flags, images and classes."""
    settings = getattr(hparams, "settings", None)
    given = vars(settings("file")) if settings else {}
    numbers = {name: getattr(hparams, name) for name in OF_FLAGS if hasattr(hparams, name)}
    sides = dict(zip(("channels", "rows", "columns"), shape[-3:], strict=False))
    own = {name: given.get(name, value) for name, value in own.items()}
    return Known(own, {**numbers, **sides, "classes": n_outputs})


def _assembled(
    document: Document, known: Known, shape: Shape, hparams: Any
) -> tuple[Assembly, list[int]]:
    """All layers as nodes, and the places of what the net gives."""
    assembly = Assembly(document, known, hparams)
    if not document.is_whole:
        return assembly, []
    scope = Scope(known, {}, named_in(document.layers) | document.inputs.keys())
    try:
        before = incoming(assembly, scope, shape)
        last = assembly.layers(document.layers, scope, before)
    except (TooMany, Enough):
        return assembly, []
    names = [document.main] if document.main else list(document.outputs)
    outputs = [scope.value(name) for name in names] or [last]
    for place in outputs:
        if place != WRONG and (count := len(several(assembly.values[place]))):
            node = assembly.nodes[place]
            document.tell(node.line, f"{node.name} gives {count} tensors: select one after it")
    return assembly, outputs


def _alive(nodes: Sequence[GraphNode], outputs: Sequence[int]) -> tuple[list[GraphNode], list[int]]:
    """The nodes that outputs depend on, with their places among these alone."""
    used, waiting = {0}, list(outputs)
    while waiting:
        place = waiting.pop()
        if place not in used:
            used.add(place)
            waiting += nodes[place].inputs
    places = {old: new for new, old in enumerate(sorted(used))}
    kept = [nodes[old] for old in sorted(used)]
    found = [replace(node, inputs=tuple(places[i] for i in node.inputs)) for node in kept]
    return found, [places[place] for place in outputs]


def _too_large(path: str, nodes: Sequence[GraphNode], assembly: Assembly) -> list[str]:
    """What is wrong with a net that this machine's memory can't hold, before it is filled."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    problems = []
    for node in nodes:
        size = prod(node.shape) * _BYTES
        if size > memory:
            why = f"{node.name} makes {size_text(size)} of one image"
            problems.append(f"{path}:{node.line}: {why}, and there are {size_text(memory)} here")
    size = _BYTES * sum(
        assembly.sizes[path] for path in {n.path for n in nodes} & assembly.sizes.keys()
    )
    if size > memory:
        why = f"the net's weights are {size_text(size)}"
        problems.append(f"{path}:1: {why}, and there are {size_text(memory)} here")
    return problems
