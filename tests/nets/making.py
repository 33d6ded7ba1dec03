"""Nets made of texts, as a run makes them."""

import textwrap
from typing import Any

from project.hyperparameters import Hyperparameters
from project.nets.items import Shape
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
