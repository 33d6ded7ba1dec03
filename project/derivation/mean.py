"""The mean of several models' weights, computed in float64 and rounded once."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from project.training.parts import unlike

COUNTER = "num_batches_tracked"


def misfits(names: Sequence[str], each: Sequence[Mapping[str, Tensor]]) -> list[str]:
    """A line for each model whose weights have no mean with the first one's.

    Args:
        names: of the models, for people.
        each: their weights by name.
    """
    told = []
    for name, weights in zip(names[1:], each[1:], strict=True):
        if why := unlike(each[0], weights):
            told.append(f"{names[0]} and {name} are not of the same shapes: {why}")
        elif part := next((n for n in weights if _differs(n, each[0][n], weights[n])), None):
            told.append(f"{names[0]} and {name} have other whole numbers in {part}: no mean is one")
    return told


def _differs(name: str, one: Tensor, other: Tensor) -> bool:
    """Whether what has no mean is another; how many batches were seen is counted anew."""
    if one.is_floating_point() or one.is_complex() or name.endswith(COUNTER):
        return False
    return not torch.equal(one, other)


def mean(each: Sequence[Mapping[str, Tensor]], shares: Sequence[float]) -> dict[str, Tensor]:
    """Of each tensor sum(share * weights) / sum(shares), in its own data type.

    Args:
        each: weights by name, of the same names and shapes.
        shares: what each counts, above 0.
    """
    whole = sum(shares)
    found = {}
    for name, first in each[0].items():
        if not (first.is_floating_point() or first.is_complex()):
            found[name] = first.clone()
            continue
        exact = torch.complex128 if first.is_complex() else torch.float64
        pairs = zip(each, shares, strict=True)
        total = sum(weights[name].to(exact) * share for weights, share in pairs)
        found[name] = (total / whole).to(first.dtype)
    return found
