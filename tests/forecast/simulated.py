"""Points whose errors follow a known form, with noise."""

import itertools
from collections.abc import Sequence

import numpy as np

from project.forecast.law import Law
from project.forecast.points import Point

ONE_SIZE = Law(chance=0.9, alpha=0.6, eta=0.02, c=0.0005)
SIZES = Law(chance=0.9, alpha=0.6, eta=0.02, c=0.0005, b=0.3, beta=0.6)
SAMPLES = (500, 1000, 2000, 4000, 8000, 16000)
PARAMETERS = (1000, 4000, 16000, 64000)


def points(
    law: Law,
    sizes: Sequence[int] = (1000,),
    *,
    seeds: int = 3,
    relative: float = 0.0,
    counted: int = 0,
    seed: int = 0,
) -> list[Point]:
    """One for each number of samples, size and seed.

    Args:
        relative: standard deviation of a relative difference from the form.
        counted: so many samples are right or wrong; 0: the share itself.
        seed: of the noise.
    """
    generator, found = np.random.default_rng(seed), []
    for n, m, k in itertools.product(SAMPLES, sizes, range(seeds)):
        error = float(law.error(n, m)) * (1 + relative * generator.standard_normal())
        if counted:
            error = generator.binomial(counted, error) / counted
        found.append(Point(n, m, k, float(error)))
    return found
