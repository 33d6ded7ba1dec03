"""Mean and standard deviation of each channel over the training split: exact, and computed once."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from project.cli.stage import count, stage
from project.data._fit import mark
from project.data.cache import cache_folder, note
from project.data.ragged import Ragged
from project.data.samples import Subset
from project.data.targets import CHUNK_BYTES
from project.files import read_json, write_json

# Of the way in which files become pixels: another one gives other statistics of the same content.
_DECODING = 2


class Statistics(NamedTuple):
    """Per channel, in units of the pixel value / 255, or of a float32 value itself.

    A constant channel has a `std` of 1.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]


def statistics(
    subset: Subset, content_hash: str, folder: Path, fit: str | None = None, prepared: str = ""
) -> Statistics:
    """The channel statistics of `subset`, from `folder` where the same content was measured before.

    Args:
        subset: the training split.
        content_hash: its hash, under which the statistics are remembered.
        folder: the data folder, in whose `cache_folder` they are kept; where that can't be written,
            a line says so and they are computed again in each run.
        fit: how pictures of any shape became squares, if they did: the hash is of their files.
        prepared: hash of what else was done to them, likewise.
    """
    # Whole pictures are measured, whatever the size of crops.
    height, width = (0, 0) if isinstance(subset.samples, Ragged) else subset.samples.shape[1:]
    key = f"{content_hash.removeprefix('blake3:')[:32]}-{height}x{width}{mark(fit)}"
    key += f"-{prepared[:32]}" * bool(prepared)
    path = cache_folder(folder) / f"statistics-{_DECODING}-{key}.json"
    known = _read(path)
    if known is None:
        stage("measuring the training images")
        known = measure(subset)
        _remember(path, known)
    return known


def measure(subset: Subset) -> Statistics:
    """Mean and (population) standard deviation per channel.

    Of uint8 both follow from the 256 counts of each channel in integers of any size, rounded once
    at the end: var = (n * sum(x^2) - sum(x)^2) / n^2. Of float32 the sums of each image, in double
    precision, are summed exactly, whatever their order.
    """
    if subset.samples.dtype == torch.uint8:
        moments = [_moments(counts) for counts in histograms(subset).tolist()]
    else:
        moments = _float_moments(subset)
    return Statistics(tuple(mean for mean, _ in moments), tuple(std for _, std in moments))


def histograms(subset: Subset) -> Tensor:
    """How often each pixel value occurs: `(channels, 256)` int64."""
    counts = torch.zeros(subset.samples.shape[0], 256, dtype=torch.int64)
    for images in _chunks(subset):
        for channel, of_channel in enumerate(counts):
            of_channel += torch.bincount(images[:, channel].flatten(), minlength=256).cpu()
    return counts


def _chunks(subset: Subset) -> Iterator[Tensor]:
    """All images, some at once."""
    samples = subset.samples
    per_chunk = max(1, CHUNK_BYTES // (math.prod(samples.shape) * samples.dtype.itemsize))
    if isinstance(samples, Ragged):
        per_chunk = 1
    elif not samples.resident:
        per_chunk = min(per_chunk, 64)
    sizes = [len(piece) for piece in subset.indices.split(per_chunk)]
    for i, (images, _) in enumerate(samples.stream(subset.indices, sizes)):
        count(i * per_chunk, len(subset))
        yield images


def _float_moments(subset: Subset) -> list[tuple[float, float]]:
    """Mean and standard deviation of each channel's float32 values."""
    totals = [_float_sums(images) for images in _chunks(subset)]
    n = sum(pixels for pixels, _ in totals)
    columns = zip(*(row for _, rows in totals for row in rows), strict=True)
    means = [math.fsum(column) / n for column in columns]
    about = np.array(means)[:, None, None]
    squares = [_float_sums(images, about)[1] for images in _chunks(subset)]
    columns = zip(*(row for rows in squares for row in rows), strict=True)
    stds = [math.sqrt(math.fsum(column) / n) or 1.0 for column in columns]
    return list(zip(means, stds, strict=True))


def _float_sums(images: Tensor, about: np.ndarray | None = None) -> tuple[int, list[list[float]]]:
    """Pixels of a channel, and the sums of each image's channels; or of squares about a mean."""
    values = [image.cpu().numpy().astype(np.float64) for image in images]
    if about is not None:
        values = [(image - about) ** 2 for image in values]
    # By NumPy, whose order of a sum does not depend on the number of threads.
    return images[:, 0].numel(), [image.sum((1, 2)).tolist() for image in values]


def _moments(counts: list[int]) -> tuple[float, float]:
    n = sum(counts)
    total = sum(value * count for value, count in enumerate(counts))
    squares = sum(value * value * count for value, count in enumerate(counts))
    variance = (n * squares - total * total) / (n * n)
    return total / (255 * n), math.sqrt(variance) / 255 or 1.0


def _read(path: Path) -> Statistics | None:
    if not path.exists():
        return None
    try:
        stored = read_json(path)
        return Statistics(tuple(stored["mean"]), tuple(stored["std"]))
    except (ValueError, KeyError, TypeError):
        # A damaged cache is as good as none: the statistics follow from the data.
        return None


def _remember(path: Path, known: Statistics) -> None:
    try:
        write_json(path, {"mean": known.mean, "std": known.std})
    except OSError as error:
        note(f"the channel statistics will be computed again in the next run: {error}")
