"""What a sweep's TPE, asked anew for each trial, misses of the best beside Optuna's own, asked on.

Three functions whose least value is known; equal numbers of trials, of results that are as late.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from statistics import mean, median, stdev

import numpy as np
import optuna

from benchmarks._command import run
from benchmarks._result import Result
from project.search.order.sampling import propose
from project.search.space import Dimension, Space
from project.search.values import COMPLETE, Objective, Rules, Trial

TRIALS, SEEDS = 60, 100
WINDOWS = (1, 4)
_CENTRES = 1e-4 * np.array(
    [
        [1312, 1696, 5569, 124, 8283, 5886],
        [2329, 4135, 8307, 3736, 1004, 9991],
        [2348, 1451, 3522, 2883, 3047, 6650],
        [4047, 8828, 8732, 5743, 1091, 381],
    ]
)
_SHARPNESS = np.array(
    [
        [10, 3, 17, 3.5, 1.7, 8],
        [0.05, 10, 17, 0.1, 8, 14],
        [3, 3.5, 1.7, 10, 17, 8],
        [17, 8, 0.05, 10, 0.1, 14],
    ]
)
Function = Callable[[Mapping[str, float]], float]


def branin(at: Mapping[str, float]) -> float:
    """Two flags, three equal minima; less its least value, 0.397887."""
    x, y = at["x0"], at["x1"]
    valley = (y - 5.1 / (4 * math.pi**2) * x**2 + 5 / math.pi * x - 6) ** 2
    return valley + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10 - 0.397887


def hartmann(at: Mapping[str, float]) -> float:
    """Six flags, one minimum of several; less its least value, -3.32237."""
    x = np.array(list(at.values()))
    near = np.exp(-(_SHARPNESS * (x - _CENTRES) ** 2).sum(1))
    return 3.32237 - float(np.array([1, 1.2, 3, 3.2]) @ near)


def ackley(at: Mapping[str, float]) -> float:
    """Four flags, a funnel full of holes; its least value is 0."""
    x = np.array(list(at.values()))
    holes = np.exp(np.cos(2 * np.pi * x).mean())
    return float(20 - 20 * np.exp(-0.2 * np.sqrt((x**2).mean())) + math.e - holes)


def _cube(*ends: tuple[float, float]) -> Space:
    return Space(tuple(Dimension(f"x{i}", "float", (), *each) for i, each in enumerate(ends)))


FUNCTIONS: dict[str, tuple[Function, Space]] = {
    "Branin": (branin, _cube((-5.0, 10.0), (0.0, 15.0))),
    "Hartmann, 6 flags": (hartmann, _cube(*[(0.0, 1.0)] * 6)),
    "Ackley, 4 flags": (ackley, _cube(*[(-20.0, 32.0)] * 4)),
}


def ours(name: str, seed: int, window: int, trials: int = TRIALS) -> float:
    """How far the best of a sweep's trials is from the least value."""
    function, space = FUNCTIONS[name]
    rules = Rules("tpe", "none", seed, window, 1, (Objective("value", "min"),))
    known: list[Trial] = []
    for number in range(trials):
        values = propose(space, rules, known, number, "sweep")
        known.append(Trial(number, values, COMPLETE, (function(values),)))
    return min(trial.scores[0] for trial in known)


def stock(name: str, seed: int, window: int, trials: int = TRIALS) -> float:
    """The same of Optuna's TPE with its defaults, told of each result as late."""
    function, space = FUNCTIONS[name]
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
    late = []
    for _ in range(trials):
        trial = study.ask()
        at = {
            each.name: trial.suggest_float(each.name, each.low, each.high)
            for each in space.dimensions
        }
        late.append((trial, function(at)))
        if len(late) == window:
            study.tell(*late.pop(0))
    for each in late:
        study.tell(*each)
    return study.best_value


def measure(quick: bool) -> Iterator[Result]:
    """Both, for each function and window; the note has the difference of the means, 95 %."""
    seeds, trials = (range(2), 15) if quick else (range(SEEDS), TRIALS)
    for name in FUNCTIONS:
        for window in WINDOWS:
            values = {
                "project": [ours(name, seed, window, trials) for seed in seeds],
                "Optuna": [stock(name, seed, window, trials) for seed in seeds],
            }
            title = f"regret after {trials} trials, {name}, window {window}"
            yield Result(title, "regret", values, (), told(values))


def told(values: Mapping[str, list[float]]) -> str:
    """Means, medians, and in what the difference of the means lies."""
    difference, half = distance(values["project"], values["Optuna"])
    each = (f"{name} {mean(v):.3f} (median {median(v):.3f})" for name, v in values.items())
    return f"{', '.join(each)}: {difference - half:+.3f} to {difference + half:+.3f}"


def distance(first: list[float], second: list[float]) -> tuple[float, float]:
    """The difference of two means, and half of its 95 % interval."""
    error = math.sqrt(stdev(first) ** 2 / len(first) + stdev(second) ** 2 / len(second))
    return mean(first) - mean(second), 1.96 * error


if __name__ == "__main__":
    run(measure)
