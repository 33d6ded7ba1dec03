"""The random generators that training draws from: seeded, captured, put back and told apart."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from blake3 import blake3


def seed(number: int) -> None:
    """Seed every generator; not by Lightning, which would do so again when processes meet."""
    random.seed(number)
    np.random.seed(number)
    torch.manual_seed(number)


def seed_rank(number: int, rank: int) -> None:
    """Seed the generators of one process of several anew; those of the first stay as they are."""
    if rank:
        seed((number + rank) % 2**32)


def begin(number: int, device: torch.device) -> dict[str, str]:
    """Seed every generator; returns the hashes of their states then, see `hashes`."""
    seed(number)
    return hashes(device)


def state() -> dict[str, Any]:
    """The state of every generator that training may draw from, as tensors and plain values."""
    version, words, gauss = random.getstate()
    kind, keys, position, has_gauss, cached = np.random.get_state()
    return {
        "python": [version, list(words), gauss],
        # As int64: tensors of uint32 do not travel between processes.
        "numpy": [kind, torch.from_numpy(keys.astype(np.int64)), position, has_gauss, cached],
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }


def restore(kept: dict[str, Any]) -> None:
    """Bring the generators back to what `state` returned."""
    version, words, gauss = kept["python"]
    random.setstate((version, tuple(words), gauss))
    kind, keys, *rest = kept["numpy"]
    np.random.set_state((kind, keys.numpy().astype(np.uint32), *rest))
    torch.set_rng_state(kept["torch"])
    if kept["cuda"]:
        # There may be fewer devices now.
        torch.cuda.set_rng_state_all(kept["cuda"][: torch.cuda.device_count()])


@contextmanager
def untouched() -> Iterator[None]:
    """Leave the generators as they were, whatever the block draws."""
    before = state()
    try:
        yield
    finally:
        restore(before)


def hashes(device: torch.device) -> dict[str, str]:
    """`blake3:<hex>` of the state of Python's, NumPy's and PyTorch's global generators, by name.

    Args:
        device: that training runs on; a GPU's own generator is one more, `cuda`.
    """
    kind, keys, *rest = np.random.get_state()
    states = {
        "python": repr(random.getstate()).encode(),
        "numpy": repr((kind, keys.tolist(), rest)).encode(),
        "torch": torch.get_rng_state().numpy().tobytes(),
    }
    if device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(device).numpy().tobytes()
    return {name: f"blake3:{blake3(state).hexdigest()}" for name, state in states.items()}
