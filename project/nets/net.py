"""The module that a net's file makes: nodes run in order, each tensor goes after its last use."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from torch import Tensor, nn

from project.nets.graph import Graph


class Step(NamedTuple):
    """What is done at a node.

    Attributes:
        place: of the node.
        path: of its module, name by name.
        inputs: places of what it takes.
        done: places of what nothing takes after it.
    """

    place: int
    path: tuple[str, ...]
    inputs: tuple[int, ...]
    done: tuple[int, ...]


class Group(nn.Module):
    """Modules by name, one of a block; it is never called."""


class Net(nn.Module):
    """A net of a graph.

    Inputs `(batch, channels, height, width)`, or what else the net was made for. Outputs are what
    its last layer gives, or of several outputs a tuple.

    Args:
        graph: of the net, whose modules become this one's, by their paths.
    """

    def __init__(self, graph: Graph) -> None:
        super().__init__()
        self.graph = graph
        for node in graph.nodes:
            if node.module is not None:
                add(self, node.path.split("."), node.module)
        self._steps = tuple(_steps(graph))
        self._outputs = graph.outputs

    def forward(self, inputs: Tensor) -> Tensor | tuple[Tensor, ...]:
        values: dict[int, Any] = {0: inputs}
        del inputs
        for step in self._steps:
            module: Any = self
            # By name: wrappers such as quantization put other modules in their places.
            for name in step.path:
                module = getattr(module, name)
            taken = [values[place] for place in step.inputs]
            for place in step.done:
                del values[place]
            values[step.place] = module(*taken)
            del taken
        outputs = tuple(values[place] for place in self._outputs)
        return outputs[0] if len(outputs) == 1 else outputs


def add(parent: nn.Module, path: Sequence[str], module: nn.Module) -> None:
    """Put a module where its path says, once."""
    for name in path[:-1]:
        if name not in parent._modules:
            parent.add_module(name, Group())
        parent = parent._modules[name]
    if path[-1] not in parent._modules:
        parent.add_module(path[-1], module)


def _steps(graph: Graph) -> list[Step]:
    done: dict[int, list[int]] = {}
    for place, last in enumerate(graph.last_use):
        # What comes in and is given as it is, is never done.
        done.setdefault(last, []).append(place)
    steps = []
    for place, node in enumerate(graph.nodes):
        if node.module is not None:
            over = tuple(p for p in done.get(place, ()) if p != place)
            steps.append(Step(place, tuple(node.path.split(".")), node.inputs, over))
    return steps
