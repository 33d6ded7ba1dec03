"""A model's head: the weights that depend on how many outputs it has, new where the task is."""

from collections.abc import Callable, Mapping
from typing import Any

from torch import nn

from project.training.parts import form


def head_of(model: nn.Module, made: Callable[[int], nn.Module], n_outputs: int) -> list[str]:
    """The names of the weights that are of another shape where there is one output more.

    Args:
        model: with `n_outputs`.
        made: makes the same one with as many outputs as are asked for.
        n_outputs: columns, or channels, of its outputs.
    """
    others = made(n_outputs + 1).state_dict()
    return [n for n, tensor in model.state_dict().items() if form(others.get(n)) != form(tensor)]


def with_new_head(state: Mapping[str, Any], model: nn.Module, head: list[str]) -> Mapping[str, Any]:
    """A checkpoint as loaded, with the model's own weights in place of those of its head.

    Args:
        state: of the same model, perhaps with other outputs.
        model: that is to be trained, as it was made.
        head: names of its head's weights.
    """
    own = model.state_dict()
    there = {name: own[name] for name in head if name in state["model"]}
    return {**state, "model": {**state["model"], **there}}
