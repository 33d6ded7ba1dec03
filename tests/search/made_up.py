"""Sweeps that never ran, of which the truth is known: what trials and confirmation runs score."""

from collections.abc import Sequence

import numpy as np

from project.search.space import Dimension, Space
from project.search.values import (
    COMPLETE,
    FAILED,
    PRUNED,
    Constraint,
    Objective,
    Plain,
    Rules,
    Trial,
)
from project.search.verdict.confirmation import Jobs
from project.search.verdict.judging import DEFAULT
from project.search.verdict.ranking import choose
from project.search.verdict.report import Report

RULES = Rules("random", "none", 0, 1, 1, (Objective("val_accuracy", "max"),))
N_TRIALS = 20
SPACE = Space(
    (
        Dimension("learning_rate", "float", low=1e-4, high=0.3, log=True),
        Dimension("batch_size", "choice", choices=(16, 64, 256)),
        Dimension("optimizer", "choice", choices=("adamw", "sgd")),
        Dimension("momentum", "float", low=0.5, high=0.99, when="optimizer == sgd"),
    )
)


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


def searched(n: int = 60, n_objectives: int = 1, gap: float = 0.02) -> Report:
    """A sweep of `SPACE` whose accuracy is best at a learning rate of 0.01 and with adamw.

    Some trials are pruned, and some fail.

    Args:
        n: trials.
        n_objectives: accuracy, and the loss with it.
        gap: by which the best trials are better than the default flags with new seeds.
    """
    noise = np.random.default_rng(0)
    objectives = (Objective("val_accuracy", "max"), Objective("val_loss", "min"))[:n_objectives]
    bound = Constraint("parameters", "<", 9e4)
    rules = Rules("tpe", "median", 0, 2, 1, objectives, (bound,), 20)
    trials = [_searched(noise, number, n_objectives) for number in range(n)]
    arms = [DEFAULT, *choose(trials, rules)]
    again = [(arm, seed) for seed in range(1, 6) for arm in arms]
    jobs = []
    for i, (arm, seed) in enumerate(again):
        scores = (0.93 + gap * (arm != DEFAULT), 0.4)[:n_objectives] + noise.normal(
            0, 0.005, n_objectives
        )
        job = Trial(i, {}, COMPLETE, tuple(scores.tolist()), {"parameters": 1.0})
        jobs.append((job, {"arm": arm, "seed": seed}))
    tested = {"test_accuracy": {1: 0.95, 2: 0.96}}
    command = "python -m project.run --exp-name digits --learning-rate 0.01"
    return Report("digits", rules, SPACE, trials, n, jobs, tested, command, 320.0)


def _searched(noise: np.random.Generator, number: int, n_objectives: int) -> Trial:
    rate, width = float(10 ** noise.uniform(-4, -0.53)), int(noise.choice([16, 64, 256]))
    values: dict[str, Plain] = {"learning_rate": rate, "batch_size": width}
    values |= {"optimizer": "sgd" if noise.random() < 0.5 else "adamw"}
    if values["optimizer"] == "sgd":
        values["momentum"] = float(noise.uniform(0.5, 0.99))
    accuracy = 0.97 - 0.03 * (np.log10(rate) + 2) ** 2 - 0.01 * (values["optimizer"] == "sgd")
    accuracy = round(float(accuracy + noise.normal(0, 0.004)), 4)
    state = str(noise.choice([COMPLETE, PRUNED, FAILED], p=[0.75, 0.2, 0.05]))
    scores = {COMPLETE: (accuracy, 1 - accuracy)[:n_objectives], PRUNED: (accuracy - 0.1,)}
    return Trial(
        number,
        values,
        state,
        scores.get(state, ()),
        {"parameters": float(noise.integers(1e4, 1e5))},
        {20: accuracy} if state == COMPLETE else {3: accuracy},
        "RuntimeError: <b>mat1</b></script> and mat2" if state == FAILED else "",
        f"run-{number}",
        seconds=26.0,
        cpu_seconds=40.0,
    )
