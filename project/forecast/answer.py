"""All that the runs say together: the fit, its forecasts, and how far off these would have been."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from project.forecast.bootstrap import DRAWS, Fitted
from project.forecast.points import Point, measurable
from project.forecast.questions import (
    LEAST_LEVELS,
    Check,
    Estimate,
    checks,
    error_at,
    floor,
    parameters,
    samples_for,
)


@dataclass(frozen=True)
class Ahead:
    """What is forecast of the models of one size.

    Attributes:
        size: parameters.
        all_data: the error with all training samples.
        twice: with twice as many.
        floor: with any number of them.
        needed: samples by error asked for.
    """

    size: int
    all_data: Estimate
    twice: Estimate
    floor: Estimate
    needed: Mapping[float, Estimate]


@dataclass(frozen=True)
class Answer:
    """What came of it.

    Attributes:
        score: whose difference from 1 is the error.
        chance: the error of a guess.
        points: of all runs.
        unused: how many of these have no error at all, in a cell without any: they say nothing.
        fitted: the form.
        checks: forecasts of what was measured.
        all_samples: how many train with all data.
        ahead: by size, from the smallest.
    """

    score: str
    chance: float
    points: tuple[Point, ...]
    unused: int
    fitted: Fitted
    checks: tuple[Check, ...]
    all_samples: int
    ahead: tuple[Ahead, ...]

    def to_json(self) -> dict[str, Any]:
        """Every number, plain; JSON has NaN and infinite ones as texts."""
        return {
            "form": "chance * |e / (e - i eta)|, e = n^-alpha + b m^-beta + c",
            "score": self.score,
            "chance": self.chance,
            "parameters": {k: asdict(v) for k, v in parameters(self.fitted).items()},
            "noise": self.fitted.noise,
            "scatter": self.fitted.scatter,
            "fits": self.fitted.fits,
            "all_samples": self.all_samples,
            "forecasts": [_plain(each) for each in self.ahead],
            "checks": [asdict(each) | {"off": each.off} for each in self.checks],
            "points": [asdict(each) for each in self.points],
        }


def answer(
    points: Sequence[Point],
    score: str,
    chance: float,
    all_samples: int,
    targets: Sequence[float],
    draws: int = DRAWS,
) -> Answer:
    """Fit and forecast.

    Args:
        points: of all runs that have finished.
        score: whose difference from 1 is the error.
        chance: the error of a guess.
        all_samples: how many train with all data.
        targets: errors for which the samples needed are asked.
        draws: of the bootstrap.

    Raises:
        ValueError: there are too few points to fit the form to.
    """
    known = measurable(points)
    if problems := list(_lacking(known, points)):
        raise ValueError("\n".join(problems))
    fitted = Fitted(known, chance, draws)
    ahead = [
        Ahead(
            size,
            error_at(fitted, all_samples, size),
            error_at(fitted, 2 * all_samples, size),
            floor(fitted, size),
            {target: samples_for(fitted, target, size) for target in targets},
        )
        for size in sorted({p.size for p in known})
    ]
    unused = len(points) - len(known)
    found = tuple(checks(points, chance, draws))
    return Answer(score, chance, tuple(points), unused, fitted, found, all_samples, tuple(ahead))


def _lacking(known: Sequence[Point], points: Sequence[Point]) -> Iterator[str]:
    """Why the form can't be fitted, a line each."""
    wrong = " with any error" if len(known) < len(points) else ""
    more = "; a validation of more samples (--val-fraction) has some" if wrong else ""
    if (n := len({p.samples for p in known})) < LEAST_LEVELS:
        yield f"runs of {n} numbers of samples{wrong}: the form needs {LEAST_LEVELS}{more}"
    if (n := len({p.size for p in known})) == 2:
        yield f"models of 2 sizes{wrong}: the form needs 3, or one{more}"


def _plain(ahead: Ahead) -> dict[str, Any]:
    needed = [{"error": error} | asdict(each) for error, each in ahead.needed.items()]
    return asdict(ahead) | {"needed": needed}
