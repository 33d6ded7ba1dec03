"""Least squares of the form on relative differences, for many sets of errors at once."""

from typing import NamedTuple

import numpy as np

from project.forecast.law import Law

_STEPS = 200
_DONE = 1e-10  # relative fall of a sum of squares
_TINY = 1e-12
# Logarithms within which each parameter is looked for: of the samples' part, alpha, the rest, the
# size's part, beta.
_LOW = np.array([-25.0, np.log(0.01), -25.0, -25.0, np.log(0.01)])
_HIGH = np.array([25.0, np.log(10.0), 12.0, 25.0, np.log(10.0)])
_STARTS = [(a, share, b) for a in (0.2, 0.5, 1.0, 2.0) for share in (0.02, 0.5) for b in (0.4, 1.2)]


class Scale(NamedTuple):
    """Where errors are measured, `(N,)` each, and the numbers by which these are divided.

    Around 1 the parameters hardly depend on each other, as they do with millions to a power.
    """

    samples: np.ndarray
    sizes: np.ndarray
    weights: np.ndarray
    chance: float
    n: float
    m: float
    has_sizes: bool

    @property
    def n_parameters(self) -> int:
        """5, or 3 where all models are of one size."""
        return 5 if self.has_sizes else 3


def scale_of(samples: np.ndarray, sizes: np.ndarray, counts: np.ndarray, chance: float) -> Scale:
    """What `fit` is to know of the cells; `counts` are the seeds of each, `(N,)`."""
    n, m = (float(np.exp(np.log(x).mean())) for x in (samples, sizes))
    several = bool((sizes != sizes[0]).any())
    return Scale(samples / n, sizes / m, np.sqrt(counts), chance, n, m, several)


def fit(scale: Scale, errors: np.ndarray) -> np.ndarray:
    """The parameters whose relative differences (form - error) / error have the least squares.

    Args:
        scale: of N cells.
        errors: `(N,)`, all above 0.

    Returns:
        `(p,)`, logarithms; `law` makes a `Law` of them.
    """
    starts = np.stack([_start(scale, errors, *each) for each in _STARTS])
    found, squares = _descend(scale, starts, np.broadcast_to(errors, (len(starts), len(errors))))
    return found[squares.argmin()]


def refit(scale: Scale, errors: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Like `fit`, of B sets of errors `(B, N)` from one start `(p,)`: `(B, p)`."""
    return _descend(scale, np.tile(start, (len(errors), 1)), errors)[0]


def law(scale: Scale, parameters: np.ndarray) -> Law:
    """The form with parameters `(p,)`, or of B fits with `(B, p)`."""
    values = np.exp(parameters)
    columns = values if values.ndim == 1 else [values[:, [i]] for i in range(values.shape[1])]
    first, alpha, rest, *of_size = columns
    # u = first (n / n0)^-alpha + ... = (n^-alpha + ...) / eta
    eta = 1 / (first * scale.n**alpha)
    if not of_size:
        return Law(scale.chance, alpha, eta, rest * eta)
    part, beta = of_size
    return Law(scale.chance, alpha, eta, rest * eta, part * scale.m**beta * eta, beta)


def _start(scale: Scale, errors: np.ndarray, alpha: float, share: float, beta: float) -> np.ndarray:
    """Parameters that give about the middle error, `share` of it by what samples don't change."""
    middle = min(float(np.exp(np.log(errors).mean())), 0.9 * scale.chance)
    u = middle / np.sqrt(scale.chance**2 - middle**2)
    if not scale.has_sizes:
        return np.log([u * (1 - share), alpha, u * share])
    return np.log([u * (1 - share), alpha, u * share / 2, u * share / 2, beta])


def _descend(scale: Scale, start: np.ndarray, errors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Levenberg's and Marquardt's steps from B starts: parameters `(B, p)`, squares `(B,)`."""
    low, high = _LOW[: start.shape[1]], _HIGH[: start.shape[1]]
    at, damping = start.clip(low, high), np.full(len(start), 1e-2)
    residuals, slopes = _differences(scale, at, errors)
    squares = (residuals**2).sum(1)
    for _ in range(_STEPS):
        products = slopes.transpose(0, 2, 1) @ slopes
        diagonal = np.einsum("bii->bi", products).copy()
        more = damping[:, None] * diagonal + _TINY * (1 + diagonal.max(1, keepdims=True))
        np.einsum("bii->bi", products)[:] += more
        down = (slopes * residuals[:, :, None]).sum(1)
        step = np.linalg.solve(products, down[:, :, None])[:, :, 0].clip(-2, 2)
        tried = (at - step).clip(low, high)
        now, new_slopes = _differences(scale, tried, errors)
        new = (now**2).sum(1)
        good = new <= squares
        fell = good & (squares - new > _DONE * squares)
        at[good], residuals[good], slopes[good] = tried[good], now[good], new_slopes[good]
        squares[good] = new[good]
        if not fell.any() and (damping[~good] > 1e6).all():
            break
        damping = np.where(good, damping / 4, damping * 4).clip(1e-9, 1e9)
    return at, squares


def _differences(scale: Scale, at: np.ndarray, errors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The weighted relative differences `(B, N)`, and their slopes `(B, N, p)`."""
    values = np.exp(at)[:, :, None]
    log_n, log_m = np.log(scale.samples), np.log(scale.sizes)
    of_samples = values[:, 0] * np.exp(-values[:, 1] * log_n)
    rest = np.broadcast_to(values[:, 2], of_samples.shape)
    parts = [of_samples, -values[:, 1] * log_n * of_samples, rest]
    u = of_samples + rest
    if scale.has_sizes:
        of_size = values[:, 3] * np.exp(-values[:, 4] * log_m)
        parts += [of_size, -values[:, 4] * log_m * of_size]
        u = u + of_size
    root = np.hypot(1, u)
    weights = scale.weights / errors
    residuals = weights * (scale.chance * u / root - errors)
    slope = weights * scale.chance / root**3
    return residuals, np.stack([slope * part for part in parts], axis=2)
