"""The temperature that makes a model's probabilities as right as one number can."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

# The largest step in ln T that ends the search, and how far T may be from 1.
STEP, FARTHEST = 1e-6, math.log(1000)
_GOLDEN = (math.sqrt(5) - 1) / 2


def fit(logits: Tensor, targets: Tensor) -> float:
    """The T > 0 of least mean negative log likelihood of softmax(logits / T).

    The likelihood is log-concave in 1 / T, so it has one maximum, which golden sections find; at
    most 1000, at least 1/1000, where all samples are right the smaller the better.
    Source: C. Guo et al. 2017, https://arxiv.org/abs/1706.04599.

    Args:
        logits: `(n, C)`.
        targets: `(n,)` int64.

    Raises:
        ValueError: there are none.
    """
    if not len(targets):
        raise ValueError("there are no validation samples to calibrate by")
    exact = logits.double()
    low, high = -FARTHEST, FARTHEST
    inner = [high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)]
    values = [nll(exact, targets, math.exp(at)) for at in inner]
    while high - low > STEP:
        if values[0] <= values[1]:
            high, inner[1], values[1] = inner[1], inner[0], values[0]
            inner[0] = high - _GOLDEN * (high - low)
            values[0] = nll(exact, targets, math.exp(inner[0]))
        else:
            low, inner[0], values[0] = inner[0], inner[1], values[1]
            inner[1] = low + _GOLDEN * (high - low)
            values[1] = nll(exact, targets, math.exp(inner[1]))
    best = math.exp((low + high) / 2)
    return best if nll(exact, targets, best) < nll(exact, targets, 1.0) else 1.0


def nll(logits: Tensor, targets: Tensor, temperature: float) -> float:
    """The mean of -ln p of the targets, in nats."""
    with torch.inference_mode():
        return float(F.cross_entropy(logits.double() / temperature, targets))
