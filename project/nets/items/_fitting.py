"""Maps brought to the size of another, while a net runs."""

import torch
from torch import Tensor
from torch.nn.functional import interpolate

# By the number of sides.
LINEAR = (None, "linear", "bilinear", "trilinear")


def resized(features: Tensor, size: torch.Size, kind: str = "bilinear") -> Tensor:
    """A map `(batch, channels, ...)` of another size; as it is where it has that already.

    Args:
        size: of its sides.
        kind: `bilinear` (linear along each side) or `nearest`.
    """
    # What is exported takes maps of any size: no branch may depend on theirs.
    if features.shape[2:] == size and not torch.compiler.is_exporting():
        return features
    mode = "nearest" if kind == "nearest" else LINEAR[len(size)]
    return interpolate(features, tuple(size), mode=mode)
