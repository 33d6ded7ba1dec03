"""How many processes are to read the images that stream."""

from collections.abc import Callable, Iterator

from project.cli.stage import stage
from project.tuning.found import Chart, Found, Series
from project.tuning.pace import ALIKE, fastest


def counts(n_cores: int) -> Iterator[int]:
    """Numbers of workers to try where there are so many cores: 0, 1, 2, 4, ..., the cores."""
    yield 0
    n = 1
    while n < n_cores:
        yield n
        n *= 2
    yield n_cores


def find(speed: Callable[[int], float], n_cores: int, title: str) -> Found:
    """Try numbers of workers.

    Args:
        speed: trains with so many for a while; returns samples a second.
        n_cores: that this process may use.
        title: of the picture.
    """
    speeds: dict[int, float] = {}
    for n in counts(n_cores):
        stage(f"trying {n} workers")
        speeds[n] = speed(n)
    stage("")
    best = fastest(speeds)
    told = [f"{n} workers: {found:,.0f} samples a second" for n, found in speeds.items()]
    told += [
        f"the fewest within {1 - ALIKE:.0%} of the best: {best}; results are the same with any"
    ]
    series = (Series("speed", list(speeds), list(speeds.values())),)
    chart = Chart(
        title,
        "workers",
        "samples a second",
        series,
        (best, f"fewest as good: {best}"),
        ticks=list(speeds),
    )
    columns = ("num_workers", "samples_per_second")
    return Found(str(best), told, columns, list(speeds.items()), chart)
