"""Points that are kept of a long curve, against a plain loop."""

from itertools import pairwise

import numpy as np
import pytest

from project.comparison.reducing import extremes


@pytest.mark.parametrize("n, buckets", [(0, 5), (1, 5), (7, 3), (100, 7), (10, 10)])
def test_each_stretch_keeps_its_least_and_greatest(n: int, buckets: int) -> None:
    values = np.random.default_rng(n).standard_normal(n)
    kept, starts = extremes(values, buckets)
    expected = {0, n - 1} if n else set()
    for start, end in pairwise([*starts, n]):
        places = range(start, end)
        expected |= {min(places, key=lambda i: values[i]), max(places, key=lambda i: values[i])}
    assert kept.tolist() == sorted(expected) and len(starts) == min(n, buckets)
