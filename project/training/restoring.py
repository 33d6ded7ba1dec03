"""A module as it was, whatever its forward passes have changed of it meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn


@contextmanager
def restored(*modules: Any) -> Iterator[None]:
    """Bring modules back to what they were: weights, buffers, modes, and attributes of their own.

    What is within an attribute that is no tensor, such as the elements of a list, stays changed.

    Args:
        modules: what is no `nn.Module` among them is left alone.
    """
    found = [own for each in modules if isinstance(each, nn.Module) for own in each.modules()]
    tensors = [t for own in found for t in (*own._parameters.values(), *own._buffers.values())]
    kept = [(t, t.detach().clone()) for t in dict.fromkeys(tensors) if t is not None]
    tables = [(table, dict(table)) for own in found for table in _tables(vars(own))]
    try:
        yield
    finally:
        for table, before in tables:
            table.clear()
            table.update(before)
        with torch.no_grad():
            for tensor, before in kept:
                # One that is expanded can't be written to; mostly it is what it was.
                if not torch.equal(tensor, before):
                    tensor.copy_(before)


def _tables(attributes: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A module's attributes, and those of them that hold its parameters, buffers and modules."""
    yield attributes
    for name in ("_parameters", "_buffers", "_modules"):
        if isinstance(attributes[name], dict):  # a scripted module's are not
            yield attributes[name]
