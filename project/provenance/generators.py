"""The states of the random generators, as hashes by which two beginnings are told apart."""

import random
from typing import TYPE_CHECKING

from blake3 import blake3

if TYPE_CHECKING:
    import torch


def generator_hashes(device: "torch.device") -> dict[str, str]:
    """`blake3:<hex>` of the state of Python's, NumPy's and PyTorch's global generators, by name.

    Args:
        device: that training runs on; a GPU's own generator is one more, `cuda`.
    """
    # What reads records shall not wait for torch.
    import numpy as np
    import torch

    kind, keys, *rest = np.random.get_state()
    states = {
        "python": repr(random.getstate()).encode(),
        "numpy": repr((kind, keys.tolist(), rest)).encode(),
        "torch": torch.get_rng_state().numpy().tobytes(),
    }
    if device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(device).numpy().tobytes()
    return {name: f"blake3:{blake3(state).hexdigest()}" for name, state in states.items()}
