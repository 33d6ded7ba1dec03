"""The least squares are found: those of SciPy, and the parameters where there is no noise."""

import numpy as np
import pytest
from scipy.optimize import least_squares

from project.forecast.fitting import fit, law, refit, scale_of
from project.forecast.law import Law
from project.forecast.points import Cells, Point, cells_of, measurable
from tests.forecast.simulated import ONE_SIZE, PARAMETERS, SIZES, points


def differences(found: Law, cells: Cells) -> np.ndarray:
    """(form - error) / error of each cell, as often as it has seeds."""
    relative = found.error(cells.samples, cells.sizes) / cells.errors - 1
    return relative * np.sqrt(cells.counts)


@pytest.mark.parametrize("truth, sizes", [(ONE_SIZE, (1000,)), (SIZES, PARAMETERS)])
def test_parameters_come_out_where_there_is_no_noise(truth: Law, sizes: tuple[int, ...]) -> None:
    cells = cells_of(points(truth, sizes, seeds=1))
    scale = scale_of(cells.samples, cells.sizes, cells.counts, 0.9)
    found = law(scale, fit(scale, cells.errors))
    for name in ("alpha", "eta", "c", "b", "beta"):
        assert getattr(found, name) == pytest.approx(getattr(truth, name), rel=1e-3), name


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_no_other_parameters_have_less_squares(seed: int) -> None:
    """SciPy, started at the truth, finds no better ones."""
    cells = cells_of(points(SIZES, PARAMETERS, relative=0.05, seed=seed))
    scale = scale_of(cells.samples, cells.sizes, cells.counts, 0.9)
    ours = differences(law(scale, fit(scale, cells.errors)), cells)

    def of_logarithms(x: np.ndarray) -> np.ndarray:
        alpha, eta, c, b, beta = np.exp(x)
        return differences(Law(0.9, alpha, eta, c, b, beta), cells)

    start = np.log([SIZES.alpha, SIZES.eta, SIZES.c, SIZES.b, SIZES.beta])
    theirs = least_squares(of_logarithms, start, xtol=1e-12, ftol=1e-12)
    assert (ours**2).sum() <= 2 * theirs.cost * (1 + 1e-6)


def test_many_fits_at_once_are_the_single_ones() -> None:
    sets = [cells_of(points(ONE_SIZE, relative=0.03, seed=seed)) for seed in range(4)]
    first = sets[0]
    scale = scale_of(first.samples, first.sizes, first.counts, 0.9)
    single = [fit(scale, cells.errors) for cells in sets]
    together = refit(scale, np.stack([cells.errors for cells in sets]), single[0])
    for one, other in zip(single, together, strict=True):
        n = np.array([250.0, 4000.0, 32000.0])
        assert np.allclose(law(scale, one).error(n, 1), law(scale, other).error(n, 1), rtol=1e-4)


def test_seeds_of_a_cell_count_by_their_mean() -> None:
    found = cells_of([Point(20, 5, 0, 0.3), Point(10, 5, 0, 0.5), Point(20, 5, 1, 0.2)])
    assert found.samples.tolist() == [10, 20] and found.counts.tolist() == [1, 2]
    assert found.errors.tolist() == [0.5, 0.25] and found.of_point.tolist() == [1, 0, 1]


def test_cells_without_an_error_are_no_measure() -> None:
    some = [Point(10, 5, 0, 0.1), Point(10, 5, 1, 0.0), Point(20, 5, 0, 0.0), Point(20, 5, 1, 0.0)]
    assert measurable(some) == some[:2]
