"""What a fit is asked: the error ahead, the samples needed, and how far off it would have been."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from project.forecast.bootstrap import Fitted, interval
from project.forecast.law import Law, Number
from project.forecast.points import Point, measurable

LEAST_LEVELS = 3  # numbers of samples that a fit needs: as many as it has parameters of these


@dataclass(frozen=True)
class Estimate:
    """A number, and the 95 % interval of it; NaN where nothing says how sure it is."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Check:
    """A forecast of what was measured, by a fit that has not seen it.

    Attributes:
        up_to: the most samples that the fit has seen.
        samples: those of the forecast, the most that were measured.
        size: of the model.
        forecast: of the mean error.
        measured: the mean error of the seeds.
    """

    up_to: int
    samples: int
    size: int
    forecast: Estimate
    measured: float

    @property
    def off(self) -> float:
        """The relative difference, 0.1 where the forecast is 10 % too high."""
        return self.forecast.value / self.measured - 1


def error_at(fitted: Fitted, samples: float, size: float) -> Estimate:
    """The mean error of runs with so many samples and parameters."""
    return _estimate(fitted, lambda law: law.error(samples, size))


def samples_for(fitted: Fitted, error: float, size: float) -> Estimate:
    """How many samples give this error; inf where no number of them does."""
    return _estimate(fitted, lambda law: law.samples_for(error, size))


def floor(fitted: Fitted, size: float) -> Estimate:
    """The error that is left with any number of samples."""
    return _estimate(fitted, lambda law: law.floor(size))


def parameters(fitted: Fitted) -> dict[str, Estimate]:
    """Each parameter of the form by its name in `Law`."""
    names = ("alpha", "b", "beta", "c", "eta") if fitted.has_sizes else ("alpha", "c", "eta")
    return {name: _estimate(fitted, lambda law, n=name: getattr(law, n)) for name in names}


def checks(points: Sequence[Point], chance: float, draws: int) -> list[Check]:
    """Forecasts of the errors with the most samples, by fits to fewer and fewer of the points."""
    levels = sorted({p.samples for p in points})
    found, fewest = [], LEAST_LEVELS - 1
    for up_to in levels[fewest:-1]:
        known = measurable([p for p in points if p.samples <= up_to])
        if len({p.samples for p in known}) < LEAST_LEVELS:
            continue
        fitted = Fitted(known, chance, draws)
        for size in sorted({p.size for p in known}):
            last = [p.error for p in points if p.samples == levels[-1] and p.size == size]
            if last and (measured := math.fsum(last) / len(last)) > 0:
                forecast = error_at(fitted, levels[-1], size)
                found.append(Check(up_to, levels[-1], size, forecast, measured))
    return found


def _estimate(fitted: Fitted, ask: Callable[[Law], Number]) -> Estimate:
    value = float(ask(fitted.law))
    if fitted.laws is None:
        return Estimate(value, math.nan, math.nan)
    return Estimate(value, *interval(ask(fitted.laws)))
