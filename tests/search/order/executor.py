"""Workers that finish in any order: a sweep whose trials are curves, with nothing but its order."""

import math
import random
from collections.abc import Callable, Mapping

from project.search.order.pruning import Pruner
from project.search.order.sampling import propose
from project.search.space import Dimension, Space
from project.search.values import COMPLETE, PRUNED, Constraint, Objective, Plain, Rules, Trial

EPOCHS = 9
SPACE = Space(
    (
        Dimension("learning_rate", "float", (), 1e-4, 1e-1, True),
        Dimension("optimizer", "choice", ("adamw", "sgd")),
        Dimension("momentum", "float", (), 0.8, 0.99, when="optimizer == sgd"),
        Dimension("hidden_dim", "int", (), 16, 256),
    ),
    ("hidden_dim > 200 and optimizer == sgd",),
)
SMALL = Constraint("parameters", "<", 20000)
ACCURACY = Objective("val_accuracy", "max")
Curve = Callable[[Mapping[str, Plain]], list[float]]


def rules(sampler: str = "tpe", pruner: str = "none", window: int = 4, **more: object) -> Rules:
    usual = {"objectives": (ACCURACY,), "constraints": (SMALL,), "max_epochs": EPOCHS, "seed": 0}
    return Rules(sampler=sampler, pruner=pruner, window=window, threads=1, **(usual | more))


def curve(values: Mapping[str, Plain]) -> list[float]:
    """Best at a learning rate of 10^-2.3; sgd's momentum at 0.9; each epoch is nearer."""
    score = -((math.log10(values["learning_rate"]) + 2.3) ** 2)
    score -= abs(values.get("momentum", 0.9) - 0.9)
    return [score - 2 / epoch for epoch in range(1, EPOCHS + 1)]


def sweep(of: Rules, count: int, workers: int = 1, seed: int = 0, curve: Curve = curve) -> list:
    """State, values and scores of each trial, of workers that finish at random."""
    chance, planned, running, ended = random.Random(seed), {}, [], {}
    while len(ended) < count:
        known = [ended.get(i, planned[i]) for i in range(len(planned))]
        if len(planned) < count and all(i in ended for i in range(len(known) - of.window + 1)):
            values = propose(SPACE, of, known, len(known), "sweep")
            planned[len(known)] = Trial(len(known), values)
        # It is chance, too, whether a place is filled before a trial ends.
        waiting = [i for i in planned if i not in ended and i not in running]
        if waiting and len(running) < workers and (not running or chance.random() < 0.7):
            running.append(waiting[0])
        elif running:
            number = running.pop(chance.randrange(len(running)))
            ended[number] = carried_out(of, known, planned[number], curve)
    return [(t.state, dict(t.values), t.scores) for t in (ended[i] for i in range(count))]


def carried_out(of: Rules, known: list[Trial], trial: Trial, curve: Curve = curve) -> Trial:
    pruner = Pruner(of, known[: trial.number], trial.number, trial.values, "sweep")
    seen: dict[int, float] = {}
    measures = {"parameters": 100.0 * trial.values["hidden_dim"]}
    for epoch, value in enumerate(curve(trial.values), 1):
        seen[epoch] = value
        if epoch < EPOCHS and pruner.should_prune(epoch, value):
            return Trial(trial.number, trial.values, PRUNED, (value,), measures, seen)
    scores = (value, *[-measures["parameters"]] * (len(of.objectives) - 1))
    return Trial(trial.number, trial.values, COMPLETE, scores, measures, seen)
