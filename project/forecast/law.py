"""Rosenfeld's form: how the error falls with the number of samples and the size of the model."""

from dataclasses import dataclass

import numpy as np

# A number, or one for each of B fits: `(B, 1)`, which broadcasts against the points `(N,)`.
Number = float | np.ndarray


@dataclass(frozen=True)
class Law:
    """The error of a model of m parameters that was trained with n samples.

    With e = n^-alpha + b m^-beta + c, it is chance * |e / (e - i eta)|, which is
    chance * u / sqrt(1 + u^2) with u = e / eta: a power law that no longer falls near c, and that
    never exceeds what a guess has.

    Source: J. Rosenfeld et al., "A Constructive Prediction of the Generalization Error Across
    Scales", 2020 (arXiv 1909.12673).

    Attributes:
        chance: the error of a guess, 1 - 1/C for C classes.
        alpha: how fast the error falls with samples.
        eta: where it turns from a guess to a power law.
        c: what neither samples nor size take away.
        b: what the size counts; 0 where it was the same everywhere, and `c` holds its part.
        beta: how fast the error falls with the size.
    """

    chance: float
    alpha: Number
    eta: Number
    c: Number
    b: Number = 0.0
    beta: Number = 1.0

    def error(self, samples: Number, size: Number) -> Number:
        """The error in [0, chance]."""
        with np.errstate(over="ignore"):
            e = samples**-self.alpha + self.b * size**-self.beta + self.c
            return self.chance / np.hypot(1, self.eta / e)

    def samples_for(self, error: float, size: Number) -> Number:
        """How many samples give this error; inf where no number of them does."""
        if error >= self.chance:
            return 0.0 * self.alpha
        e = self.eta * error / np.sqrt(self.chance**2 - error**2)
        left = e - self.b * size**-self.beta - self.c
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            needed = np.where(left > 0, np.maximum(left, 0), 0) ** (-1 / self.alpha)
        return needed if np.ndim(needed) else float(needed)

    def floor(self, size: Number) -> Number:
        """The error that is left with any number of samples."""
        e = self.b * size**-self.beta + self.c
        return self.chance * e / np.hypot(e, self.eta)
