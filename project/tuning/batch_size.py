"""The largest batch that fits into memory, and the fastest one."""

from collections.abc import Callable
from typing import NamedTuple

import torch

from project.cli.stage import stage
from project.tuning import memory
from project.tuning.found import Chart, Found, Series
from project.tuning.pace import ALIKE, fastest
from project.words.sizes import size_text

# Samples that are tried first, and the share of the memory that a CPU's batch may take.
FIRST, SHARE = 8, 0.8
# A larger batch than the one found might fit, by a part of it.
PRECISION = 16


class Try(NamedTuple):
    """A batch size that was tried.

    Attributes:
        size: samples.
        speed: samples a second; None: it did not fit.
        memory: bytes that it took; None: unknown.
    """

    size: int
    speed: float | None
    memory: int | None


def search(fits: Callable[[int], bool], first: int, bound: int, unit: int = 1) -> int | None:
    """The largest size that fits: doubled until one doesn't, then by bisection.

    Args:
        fits: whether a size does; all smaller ones do then.
        first: size to begin with.
        bound: of all sizes; a multiple of `unit`, as all are.
        unit: of sizes.

    Returns:
        A size that fits, where none that is larger by more than a sixteenth (or `unit`) does; None:
        not even `unit` does.
    """
    good, bad, size = 0, bound + unit, min(-(-first // unit) * unit, bound)
    while not good:
        if fits(size):
            good = size
        elif size <= unit:
            return None
        else:
            bad, size = size, max(unit, size // 2 // unit * unit)
    while good < bound < bad:
        size = min(2 * good, bound)
        good, bad = (size, bad) if fits(size) else (good, size)
    while bad <= bound and bad - good > max(unit, good // PRECISION):
        size = (good + bad) // 2 // unit * unit
        good, bad = (size, bad) if fits(size) else (good, size)
    return good


class Attempts:
    """Tries batch sizes on a device.

    Args:
        speed: trains with batches of a size for a while; returns samples a second.
        device: that it trains on.

    Attributes:
        tried: in this order.
    """

    def __init__(self, speed: Callable[[int], float], device: torch.device) -> None:
        self._speed, self._device = speed, device
        self._before = memory.resident() or 0
        self.tried: list[Try] = []

    def fits(self, size: int) -> bool:
        """Try one; on a CPU, whose system would end the process, not without enough memory."""
        stage(f"trying batches of {size:,}")
        found = self._on_gpu(size) if self._device.type == "cuda" else self._on_cpu(size)
        self.tried.append(found)
        return found.speed is not None

    def _on_gpu(self, size: int) -> Try:
        torch.cuda.reset_peak_memory_stats(self._device)
        try:
            speed = self._speed(size)
        except torch.cuda.OutOfMemoryError:
            speed = None
        taken = torch.cuda.max_memory_allocated(self._device)
        if speed is None:
            torch.cuda.empty_cache()
        return Try(size, speed, taken)

    def _on_cpu(self, size: int) -> Try:
        known = [(t.memory, t.size) for t in self.tried if t.speed is not None and t.memory]
        left = memory.available()
        if known and left is not None:
            taken, of = known[-1]
            ours = (memory.resident() or 0) - self._before  # which is used again
            if taken * size / of > SHARE * (left + ours):
                return Try(size, None, None)
        memory.forget_peak()
        speed = self._speed(size)
        most = memory.peak()
        return Try(size, speed, None if most is None else max(0, most - self._before))


def find(attempts: Attempts, n: int, unit: int, n_units: int | None, title: str) -> Found:
    """Try batch sizes up to that of the training split.

    Args:
        attempts: that have tried none yet.
        n: samples of the training split.
        unit: of which all sizes are multiples.
        n_units: of which a batch consists at most; None: that is unlimited.
        title: of the picture.
    """
    bound = unit * max(1, min(n // unit, n_units or n))
    largest = search(attempts.fits, FIRST, bound, unit)
    stage("")
    tried = sorted(attempts.tried)
    rows = [(t.size, t.speed, t.memory) for t in tried]
    speeds = {t.size: t.speed for t in tried if t.speed is not None}
    columns = ("batch_size", "samples_per_second", "memory_bytes")
    if largest is None:
        return Found(None, [f"not even a batch of {unit} fits into memory"])
    best = fastest(speeds)
    told = [_line(t) for t in tried]
    whole = "each class once" if n_units else "all of the training split"
    at_most = f" ({whole})" if largest == bound else ""
    told += [
        f"largest that fits: {largest:,}{at_most}",
        f"fastest: {best:,}, {speeds[best]:,.0f} samples a second (the least within"
        f" {1 - ALIKE:.0%} of the best); an epoch has {-(-n // best):,} steps then",
        "another batch size wants another learning rate: python -m project.tune lr finds it",
    ]
    series = (Series("speed", list(speeds), list(speeds.values())),)
    mark = (best, f"fastest: {best}")
    chart = Chart(
        title, "batch size, samples", "samples a second", series, mark, log=2, ticks=list(speeds)
    )
    return Found(str(best), told, columns, rows, chart)


def _line(tried: Try) -> str:
    taken = "" if tried.memory is None else f", {size_text(tried.memory)}"
    speed = "does not fit" if tried.speed is None else f"{tried.speed:,.0f} samples a second"
    return f"batches of {tried.size:,}: {speed}{taken}"
