"""What a loss must return for the outputs of a batch."""

import re
from typing import Any

from torch import Tensor

from project.values import Loss
from project.words.returned import advice, dtype_name, kind_of


def losses_fault(losses: Any, n: int) -> str | None:
    """What is wrong with a loss for `n` samples; None if it is `(n,)`, floating, without NaN.

    Where it is made of terms, so must each of them be.
    """
    if not isinstance(losses, Loss):
        return _fault(losses, n)
    if not isinstance(losses.terms, dict):
        return f"returned terms that are {kind_of(losses.terms)}, no dict of them by name"
    odd = [name for name in losses.terms if not re.fullmatch(r"\w+", str(name))]
    if odd:
        return f"returned a term {odd[0]!r}: give it a name of letters, digits and _"
    named = {"": losses.total} | {f", term {name}": term for name, term in losses.terms.items()}
    faults = {of: _fault(values, n) for of, values in named.items()}
    return next((f"{why}{of}" for of, why in faults.items() if why), None)


def _fault(losses: Any, n: int) -> str | None:
    wanted = "each sample's loss (batch,)"
    if not isinstance(losses, Tensor):
        return f"returned {kind_of(losses)}, not {wanted}{advice(losses)}"
    shape = tuple(losses.shape)
    if shape == ():
        return (
            f"returned a single number, not {wanted}: leave the mean out (reduction='none'); it is"
            " taken over all samples, whatever the batches"
        )
    if shape != (n,):
        return f"returned {shape} for {n} samples, not {wanted}"
    if not losses.is_floating_point():
        return f"returned {wanted} of {dtype_name(losses.dtype)}, no floating-point numbers"
    if losses.isnan().any():
        return f"returned NaN for {int(losses.isnan().sum())} of {n} samples with finite logits"
    return None
