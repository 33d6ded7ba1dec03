"""Many random numbers of one: the same on every device, for any block."""

from functools import lru_cache

import torch
from torch import Tensor

_LEVELS = 2**16  # of a normal number
_GOLDEN = 0x9E3779B97F4A7C15 - 2**64
_FIRST, _SECOND = 0xBF58476D1CE4E5B9 - 2**64, 0x94D049BB133111EB - 2**64


def uniform(seed: Tensor, n: int) -> Tensor:
    """Numbers `(b, n)` float64 in [0, 1), of `seed` `(b,)` float64 in [0, 1)."""
    return _right(_words(seed, n), 11).double() * 2.0**-53


def normal(seed: Tensor, n: int) -> Tensor:
    """Numbers `(b, n)` float32 of the normal distribution, of `seed` `(b,)` float64 in [0, 1).

    Each is the middle one of 65536 equally likely parts of the distribution; the largest is 4.3.
    """
    # A word has four of them: to mix it costs more than to look them up.
    parts = _words(seed, -(-n // 4)).view(torch.int16)[:, :n]
    return _quantiles(seed.device)[parts.int() + _LEVELS // 2]


def _words(seed: Tensor, n: int) -> Tensor:
    """`(b, n)` int64 of 64 random bits: SplitMix64's output (Steele, Lea and Flood, 2014)."""
    keys = _mixed((seed * 2.0**53).long())
    return _mixed(keys[:, None] + _GOLDEN * torch.arange(1, n + 1, device=seed.device))


def _mixed(words: Tensor) -> Tensor:
    words = (words ^ _right(words, 30)) * _FIRST
    words = (words ^ _right(words, 27)) * _SECOND
    return words ^ _right(words, 31)


def _right(words: Tensor, by: int) -> Tensor:
    """Shifted, as words without a sign."""
    return (words >> by) & ((1 << (64 - by)) - 1)


@lru_cache(maxsize=4)
def _quantiles(device: torch.device) -> Tensor:
    middles = (torch.arange(_LEVELS, dtype=torch.float64) + 0.5) / _LEVELS
    return torch.special.ndtri(middles).float().to(device)
