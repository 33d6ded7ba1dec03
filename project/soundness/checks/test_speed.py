"""How long the model takes, and how much memory."""

import resource
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from project.inference.predictor import Predictor
from project.soundness.limits import Limits

WARM, TIMES = 3, 50
# Seconds after which a slow model has been asked often enough.
LONGEST = 10.0


def test_latency(
    predictor: Predictor,
    few: tuple[Tensor, Any],
    demanded: Limits,
    found: Callable[[str], None],
) -> None:
    """a single image is answered in time."""
    taken = _timed(predictor, few[0][:1])
    median, late, latest = np.percentile(taken, [50, 95, 99]) * 1e3
    told = f"median {median:.3g} ms, 95 % {late:.3g}, 99 % {latest:.3g}"
    limit = demanded.latency
    assert limit is None or late <= limit, f"{told}, more than {limit:g}"
    found(told)


def test_throughput(
    predictor: Predictor, few: tuple[Tensor, Any], found: Callable[[str], None]
) -> None:
    """many images are answered at once."""
    images = few[0]
    each = np.median(_timed(predictor, images))
    found(f"{len(images) / each:,.0f} images/s, {len(images)} at once; {_memory(predictor)}")


def _timed(predictor: Predictor, images: Tensor) -> np.ndarray:
    """Seconds of each of some passes, from images to probabilities."""
    began, taken = time.perf_counter(), []
    while len(taken) < WARM + TIMES and time.perf_counter() - began < LONGEST:
        before = time.perf_counter()
        predictor.outputs(images)
        if predictor.device.type == "cuda":
            torch.cuda.synchronize(predictor.device)
        taken.append(time.perf_counter() - before)
    return np.array(taken[WARM:] or taken)


def _memory(predictor: Predictor) -> str:
    if predictor.device.type == "cuda":
        return f"{torch.cuda.max_memory_allocated(predictor.device) / 1e6:,.0f} MB of the GPU"
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return f"peak of the process {peak / 1e6:,.0f} MB"
