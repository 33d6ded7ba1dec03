"""How much differences vary from seed to seed, learnt of all comparisons of a sweep together."""

from collections.abc import Sequence
from itertools import product
from statistics import fmean


def half_pooled(differences: Sequence[Sequence[float]]) -> tuple[list[float], float]:
    """A variance for each row of differences, half its own and half the mean of all rows'.

    Five differences tell little of their variance, and rows that share the default's runs and are
    of much alike flags vary alike: together they tell more. But one that varies more than the
    others must not borrow all of their steadiness.

    The degrees of freedom of the pooled variance are Satterthwaite's, `(n - 1) tr(C)^2 / tr(C^2)`
    with the covariance C of rows (Box 1954, doi:10.1214/aoms/1177728786), of which both traces are
    estimated without bias (Srivastava 2005, doi:10.14490/jjss.35.251). Rows with one part in common
    give fewer than independent ones would. Half of the variance has them, half has n - 1.

    Args:
        differences: m rows of n >= 2 values.
    Returns:
        m variances, and the degrees of freedom that all of them have; of one row its variance and
        n - 1, as in Student's paired test.
    """
    n = len(differences[0])
    centred = [[value - fmean(row) for value in row] for row in differences]
    free = n - 1
    covariances = [
        [sum(a * b for a, b in zip(one, two, strict=True)) / free for two in centred]
        for one in centred
    ]
    own = [covariances[i][i] for i in range(len(covariances))]
    pooled = fmean(own)
    found = [(variance + pooled) / 2 for variance in own]
    return found, (free + _freedom(covariances, free)) / 2


def _freedom(covariances: list[list[float]], free: int) -> float:
    """Between those of one row, where all rows are one, and those of independent rows."""
    m = len(covariances)
    if m == 1 or free == 1:
        return free
    trace = sum(covariances[i][i] for i in range(m))
    squares = sum(covariances[i][k] ** 2 for i, k in product(range(m), repeat=2))
    # Of the sample's traces themselves both would be too large.
    true_squares = free**2 / ((free - 1) * (free + 2)) * (squares - trace**2 / free)
    if true_squares <= 0:
        return free * m
    true_trace = trace**2 - 2 * true_squares / free
    return min(max(free * true_trace / true_squares, free), free * m)
