"""A net from a YAML file, `--model file:configs/nets/dense.yaml`; see docs/nets.md."""

from typing import Any

import torch
from torch import nn

from project.nets.loading import load
from project.nets.net import Net

TASKS = ("any",)
READER = "project.nets.text.plug"


class Settings:
    """Those that the net's file declares."""


def build(
    shape: tuple[int, int, int], n_classes: int, hparams: Any, variant: str, text: str, task: Any
) -> nn.Module:
    """The net of a text, for images of `shape` and `n_classes` outputs of the task.

    Inputs `(batch, channels, height, width)` float32; what it gives, the file says.

    Raises:
        ValueError: something is wrong with it, or the task can't take what it gives; a line for
            each thing, with file, line and name.
    """
    net = load(text, variant, shape, n_classes, hparams)
    _refuse_outputs(net, task)
    return net


def _refuse_outputs(net: Net, task: Any) -> None:
    """Refuse outputs of a number or shape that the task can't take."""
    graph = net.graph
    n = 5  # a batch of no other number that a shape may have by chance
    found = tuple(torch.zeros(n, *graph.nodes[place].shape) for place in graph.outputs)
    why = task.check(found[0] if len(found) == 1 else found, n, torch.device("cpu"))
    if why and len(found) > 1:
        names = " and ".join(graph.names)
        fix = f"say which one is the task's, such as main: {graph.names[0]}"
        why = f"the outputs are {names}: {why.partition(':')[0]}: {fix}"
    elif why:
        why = f"{graph.nodes[graph.outputs[0]].name} {why}"
    if why:
        raise ValueError(f"{graph.path}:{graph.line}: {why}")
