"""Every random choice about data as a pure function of the seed and of what it is for."""

import hashlib

import torch
from torch import Tensor


def generator(seed: int, *purpose: str | int) -> torch.Generator:
    """A CPU generator that depends on its arguments alone, e.g. `generator(0, "order", epoch)`."""
    text = "/".join(map(str, (seed, *purpose)))
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    # manual_seed takes up to 64 bits, but documents only the non-negative int64 range as portable.
    return torch.Generator().manual_seed(int.from_bytes(digest, "big") >> 1)


def permutation(n: int, seed: int, *purpose: str | int) -> Tensor:
    """The numbers 0..n-1 in random order: `(n,)` int64, on the CPU."""
    return torch.randperm(n, generator=generator(seed, *purpose))
