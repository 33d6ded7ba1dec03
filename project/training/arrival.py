"""Values that come from a device while the computation goes on."""

from typing import Any

import torch
from torch import Tensor


def on_its_way(values: Tensor) -> tuple[Tensor, Any]:
    """The values on the CPU, and what tells when they have arrived; None if they are there.

    They are copies, whatever becomes of `values`.
    """
    values = values.detach()
    if values.device.type != "cuda":
        return values.to("cpu", copy=True), None
    there = values.to("cpu", non_blocking=True)
    arrived = torch.cuda.Event()
    arrived.record()
    return there, arrived
