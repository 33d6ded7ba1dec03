"""What each layer of a model costs: parameters, operations, and memory that training keeps."""

from collections.abc import Iterable, Iterator, Sequence
from math import prod
from typing import NamedTuple

import torch
from torch import nn

from project.nets._watch import Watch
from project.nets.graph import Graph
from project.nets.items import Shape
from project.nets.net import Net
from project.nets.tracing import BATCH, first_line

ELSEWHERE = "elsewhere"  # what a model does, or has, outside of its layers


class Cost(NamedTuple):
    """One run of a layer; numbers are of one image.

    Attributes:
        name: of the layer.
        kind: its word in a file, or its class.
        inputs: names of the layers whose outputs it takes; none where a model doesn't say.
        shapes: of what it gives, without the batch.
        parameters: in it, 0 where an earlier layer has them, too.
        shared: name of that earlier layer; None where there is none.
        flops: of its forward pass, as `torch.utils.flop_counter` counts them: those of matrix
            products and convolutions, two for a product and its sum.
        kept: bytes of the tensors that training keeps for its backward pass, and no layer before.
    """

    name: str
    kind: str
    inputs: tuple[str, ...]
    shapes: tuple[Shape, ...]
    parameters: int
    shared: str | None
    flops: int
    kept: int


class Costs(NamedTuple):
    """The layers of a model in the order in which they run; numbers are of one image.

    Attributes:
        layers: and last, where there is something, what is `ELSEWHERE`.
        parameters: of the model, each once.
        trainable: those of them that take a gradient.
        flops: of its forward pass.
        kept: bytes that training keeps for the backward pass.
        peak: bytes of the layers' outputs that are there at once, at most, without gradients; None
            where a model doesn't say which it still needs.
    """

    layers: tuple[Cost, ...]
    parameters: int
    trainable: int
    flops: int
    kept: int
    peak: int | None


def measured(model: nn.Module, shape: Shape) -> Costs:
    """What a model's layers cost, found by one pass in training.

    A net of a file is run without data, which computes nothing; any other model on zeros.

    Args:
        model: it is moved to the meta device if it is of a file.
        shape: of an image, `(channels, height, width)`.

    Raises:
        ValueError: it can't be run on such an image; in one line.
    """
    graph = model.graph if isinstance(model, Net) else None
    device = torch.device("meta" if graph else "cpu")
    model = model.to(device).train()
    names = {} if graph else dict(_layers(model))
    watch = Watch(model, _modules(graph) if graph else list(names))
    try:
        with torch.random.fork_rng(devices=[]), watch.watching():
            model(torch.zeros(BATCH, *shape, device=device))
    except Exception as error:
        sides = "x".join(map(str, shape))
        raise ValueError(f"can't take images of {sides}: {first_line(error)}") from error
    told = (
        _of_graph(graph) if graph else [(names[c.module], _kind(c.module), ()) for c in watch.calls]
    )
    return _summed(model, told, watch, _peak(graph) if graph else None)


def _summed(
    model: nn.Module,
    told: Sequence[tuple[str, str, tuple[str, ...]]],
    watch: Watch,
    peak: int | None,
) -> Costs:
    owners: dict[nn.Parameter, str] = {}
    layers = []
    for (name, kind, inputs), call in zip(told, watch.calls, strict=True):
        own = set(call.module.parameters())
        shared = owners[next(iter(own))] if own and own <= owners.keys() else None
        parameters = _count(own - owners.keys())
        owners |= dict.fromkeys(own - owners.keys(), name)
        numbers = parameters, shared, call.flops, call.kept
        layers.append(Cost(name, kind, inputs, call.shapes, *numbers))
    total = _count(model.parameters())
    flops, kept = watch.counter.get_total_flops() // BATCH, watch.kept // BATCH
    rest = total - sum(each.parameters for each in layers), None
    rest += flops - sum(each.flops for each in layers), kept - sum(each.kept for each in layers)
    if any(rest):
        layers.append(Cost(ELSEWHERE, "", (), (), *rest))
    trainable = _count(p for p in model.parameters() if p.requires_grad)
    return Costs(tuple(layers), total, trainable, flops, kept, peak)


def _of_graph(graph: Graph) -> list[tuple[str, str, tuple[str, ...]]]:
    """Name, word and inputs of each node that runs."""
    names = [node.name for node in graph.nodes]
    return [
        (node.name, node.item, tuple(names[i] for i in node.inputs))
        for node in graph.nodes
        if node.module is not None
    ]


def _modules(graph: Graph) -> list[nn.Module]:
    return [node.module for node in graph.nodes if node.module is not None]


def _layers(module: nn.Module, path: str = "") -> Iterator[tuple[nn.Module, str]]:
    """The modules without parts, and those that use their parts' weights themselves."""
    children = list(module.named_children())
    if path and (not children or isinstance(module, nn.MultiheadAttention)):
        yield module, path
        return
    for name, child in children:
        yield from _layers(child, f"{path}.{name}" if path else name)


def _count(parameters: Iterable[nn.Parameter]) -> int:
    return sum(parameter.numel() for parameter in parameters)


def _kind(module: nn.Module) -> str:
    return type(module).__name__


def _peak(graph: Graph) -> int:
    """Bytes of one image's features that are there at once, while some module runs."""
    sizes = [4 * sum(map(prod, node.shapes or (node.shape,))) for node in graph.nodes]
    last = graph.last_use
    return max(
        sum(size for i, size in enumerate(sizes[: place + 1]) if last[i] >= place)
        for place in range(len(sizes))
    )
