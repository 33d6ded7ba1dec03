"""Nets made of texts, as a run makes them; and items alone."""

import textwrap
from collections.abc import Sequence
from typing import Any

from torch import nn

from project.hyperparameters import Hyperparameters
from project.nets.items import ITEMS, Shape
from project.nets.loading import load
from project.nets.net import Net

PATH = "net.yaml"
IMAGE: Shape = (2, 8, 8)


def net(text: str, shape: Shape = IMAGE, n_outputs: int = 10, **flags: Any) -> Net:
    """The net of a text."""
    return load(textwrap.dedent(text), PATH, shape, n_outputs, Hyperparameters(**flags))


def told(text: str, shape: Shape = IMAGE) -> list[str]:
    """What is wrong with a text, line by line; nothing: it makes a net."""
    try:
        load(textwrap.dedent(text), PATH, shape, 10, Hyperparameters(), device="meta")
    except ValueError as error:
        return str(error).splitlines()
    return []


def build(name: str, shapes: Sequence[Shape], **arguments: Any) -> nn.Module:
    """An item's module, of arguments that go through the checks that those of a file do."""
    item = ITEMS[name]
    known = {p.name: p.default for p in item.parameters.values() if not p.required}
    given = {key: item.parameters[key].typed(value) for key, value in arguments.items()}
    assert item.least <= len(shapes) <= (item.most or len(shapes))
    return item.build(list(shapes), **known | given)
