"""Sweeps that never ran, of which the truth is known: what trials and confirmation runs score."""

from collections.abc import Sequence

import numpy as np

from project.search.confirmation import Jobs
from project.search.ranking import choose
from project.search.values import COMPLETE, Objective, Rules, Trial
from project.search.verdict import DEFAULT

RULES = Rules("random", "none", 0, 1, 1, (Objective("val_accuracy", "max"),))
N_TRIALS = 20


def finished(number: int, *scores: float, **more: object) -> Trial:
    """A trial that is complete."""
    values = {"flag": number / 16}
    return Trial(number, **{"values": values, "state": COMPLETE, "scores": scores, **more})


def swept(rng: np.random.Generator, truths: Sequence[float]) -> list[Trial]:
    """A trial for each true score, to which its seed added noise of standard deviation 1."""
    noisy = np.asarray(truths) + rng.normal(size=len(truths))
    return [finished(number, score) for number, score in enumerate(noisy.tolist())]


def confirmed(
    rng: np.random.Generator,
    trials: Sequence[Trial],
    truths: Sequence[float],
    sds: Sequence[float] = (1, 1, 1, 1),
    n: int = 5,
) -> Jobs:
    """The confirmation runs of the best three and the default, whose true score is 0.

    Args:
        rng: of the noise.
        trials: of `swept`.
        truths: likewise.
        sds: how much the scores of the default, and of the best three, vary over seeds.
        n: seeds.
    """
    arms = [DEFAULT, *choose(trials, RULES)]
    means = [0.0, *(truths[arm] for arm in arms[1:])]
    scores = np.reshape(means, (4, 1)) + np.reshape(sds, (4, 1)) * rng.normal(size=(4, n))
    return [
        (finished(i, float(scores[divmod(i, n)])), {"arm": arms[i // n], "seed": 100 + i % n})
        for i in range(4 * n)
    ]
