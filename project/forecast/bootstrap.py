"""How sure a fit is: the same with residuals drawn anew, many times."""

from collections.abc import Sequence

import numpy as np
from scipy.special import fdtrc, ndtri, stdtrit

from project.forecast.fitting import Scale, fit, law, refit, scale_of
from project.forecast.points import Cells, Point, cells_of

DRAWS = 1000
LEVEL = 0.95  # of intervals
_LEAST = 1e-6  # of a share
_TINY = 1e-300


class Fitted:
    """The form through points, and what else it could have been.

    Attributes:
        cells: what it was fitted to.
        has_sizes: whether b and beta were fitted, too, as models are of several sizes.
        law: with the parameters of the least squares.
        laws: with those of B sets of errors drawn anew, `(B, 1)` each; None where there are no more
            points than parameters, so that nothing says how sure these are.
        noise: standard deviation of a run's relative difference from the form.
        scatter: likewise from the mean of the seeds; NaN where there is one seed.
        fits: how probable it is that means are so far from the form by chance; 1 where nothing can
            be said.
    """

    def __init__(self, points: Sequence[Point], chance: float, draws: int = DRAWS) -> None:
        """Fit the form, and fit it anew to each draw.

        Args:
            points: of at least 3 numbers of samples, and of 1 size or 3; no error is 0 in the mean
                over seeds.
            chance: the error of a guess.
            draws: B, how many.
        """
        cells = self.cells = cells_of(points)
        scale = scale_of(cells.samples, cells.sizes, cells.counts, chance)
        best = fit(scale, cells.errors)
        self.law, self.has_sizes = law(scale, best), scale.has_sizes
        fitted = self.law.error(cells.samples, cells.sizes)
        relative = np.array([p.error for p in points]) / fitted[cells.of_point] - 1
        free = len(points) - scale.n_parameters
        self.noise = float(np.sqrt((relative**2).sum() / max(1, free)))
        self.scatter, self.fits = _lack_of_fit(cells, relative, fitted, scale)
        self.laws = None
        if free > 0:
            drawn = _drawn(cells, relative, fitted, scale, draws)
            self.laws = law(scale, refit(scale, drawn, best))


def interval(values: np.ndarray, level: float = LEVEL) -> tuple[float, float]:
    """What the middle `level` of draws `(B, 1)` lies between."""
    tail = (1 - level) / 2
    # Of infinite ones, too, no mean can be taken.
    low, high = np.quantile(values, [tail, 1 - tail], method="inverted_cdf")
    return float(low), float(high)


def _drawn(
    cells: Cells, relative: np.ndarray, fitted: np.ndarray, scale: Scale, draws: int
) -> np.ndarray:
    """Mean errors `(B, N)` of cells whose runs differ from the form by residuals drawn anew.

    Residuals are drawn among those of all points, in units of what is expected of each, and made
    larger for what the fit has taken of them and for how few they are.
    """
    fitted = fitted[cells.of_point]
    expected = _expected(relative, fitted)
    units, free = relative / expected, len(relative) - scale.n_parameters
    units = (units - units.mean()) * np.sqrt(len(units) / free) * _few(free)
    new = np.random.default_rng(0).choice(units, (draws, len(units)))
    errors = fitted * (1 + expected * new).clip(_LEAST)
    sums = np.zeros((draws, len(cells.counts)))
    np.add.at(sums, (slice(None), cells.of_point), errors)
    return sums / cells.counts


def _expected(relative: np.ndarray, fitted: np.ndarray) -> np.ndarray:
    """How large each residual may be: alike, or as of counted errors, whichever is likelier.

    Of N samples of which a share p is wrong, the relative deviation is sqrt((1 - p) / (p N)).
    """

    def unlikely(expected: np.ndarray) -> float:
        ratio = ((relative / expected) ** 2).mean()
        return float(len(relative) * np.log(max(ratio, _TINY)) / 2 + np.log(expected).sum())

    fitted = fitted.clip(_LEAST, 1 - _LEAST)
    return min(np.ones_like(fitted), np.sqrt((1 - fitted) / fitted), key=unlikely)


def _lack_of_fit(
    cells: Cells, relative: np.ndarray, fitted: np.ndarray, scale: Scale
) -> tuple[float, float]:
    """`scatter` and `fits`: the F test of means that are further from the form than seeds apart."""
    of_seeds = len(relative) - len(cells.counts)
    of_form = len(cells.counts) - scale.n_parameters
    if of_seeds < 1:
        return float("nan"), 1.0

    def squares(values: np.ndarray) -> tuple[float, float]:
        means = np.bincount(cells.of_point, values) / cells.counts
        apart = float(((values - means[cells.of_point]) ** 2).sum())
        return apart, float((cells.counts * means**2).sum())

    scatter = np.sqrt(squares(relative)[0] / of_seeds)
    apart, away = squares(relative / _expected(relative, fitted[cells.of_point]))
    if of_form < 1 or not apart:
        return float(scatter), 1.0
    return float(scatter), float(fdtrc(of_form, of_seeds, away / of_form * of_seeds / apart))


def _few(free: int) -> float:
    """How much wider an interval is where its deviation is known from few: Student's t."""
    return float(stdtrit(free, 0.975) / ndtri(0.975))
