"""Made-up images of any number, shape and classes, for tests and benchmarks: patterns and noise."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from project.data.order import generator
from project.data.samples import Raw, Resident
from project.hyperparameters import Hyperparameters

CHUNK_BYTES = 2**20
COARSE = (
    4  # cells a side of a pattern: large enough for convolutions, and for a small shift or none
)
NOISE = 2  # parts of noise for one part of pattern


def load(hparams: Hyperparameters) -> Raw:
    """`synthetic_samples` images of `synthetic_shape`, classes in turn, no official test split.

    A pixel is `(pattern + 2 * noise) // 3`, with a pattern of 4 x 4 random cells per class and
    channel and uniform noise. The first n images are the same whatever the number of samples.

    Raises:
        ValueError: they are larger than `memory_limit`.
    """
    n, shape = hparams.synthetic_samples, hparams.synthetic_shape
    needed = n * math.prod(shape) / 2**30
    if needed > hparams.memory_limit:
        raise ValueError(
            f"--synthetic-samples {n} of shape {'x'.join(map(str, shape))} take {needed:.3g} GiB,"
            f" more than --memory-limit {hparams.memory_limit:g}; lower the one or raise the other"
        )
    targets = torch.arange(n) % hparams.synthetic_classes
    images = torch.empty(n, *shape, dtype=torch.uint8)
    patterns = _patterns(hparams)
    for start, noise in _noise(n, shape, hparams.seed):
        end = start + len(noise)
        part = patterns[targets[start:end]]
        images[start:end] = part.add_(noise, alpha=NOISE) // (NOISE + 1)
    classes = tuple(f"class {i}" for i in range(hparams.synthetic_classes))
    return Raw(Resident(images, targets), None, classes)


def _patterns(hparams: Hyperparameters) -> Tensor:
    """`(n_classes, C, H, W)` int16 in 0..255."""
    channels, height, width = hparams.synthetic_shape
    cells = torch.randint(
        0,
        256,
        (hparams.synthetic_classes, channels, COARSE, COARSE),
        generator=generator(hparams.seed, "synthetic", "patterns"),
    )
    return interpolate(cells.float(), size=(height, width), mode="nearest").to(torch.int16)


def _noise(n: int, shape: tuple[int, int, int], seed: int) -> Iterator[tuple[int, Tensor]]:
    """Where each chunk starts, and its noise `(m, C, H, W)` uint8 in 0..255."""
    per_chunk = max(1, CHUNK_BYTES // math.prod(shape))
    for chunk, start in enumerate(range(0, n, per_chunk)):
        source = generator(seed, "synthetic", "noise", chunk)
        # Always a whole chunk, as the first numbers of a shorter one need not be the same.
        noise = torch.randint(0, 256, (per_chunk, *shape), generator=source, dtype=torch.uint8)
        yield start, noise[: n - start]
