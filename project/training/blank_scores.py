"""Before a run is opened, each metric scores made-up logits, and what is wrong is told then."""

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from project import plugs
from project.cli.faults import blamed, fault, if_none
from project.files.definitions import returning
from project.words.telling import quoted

# Samples, of as many classes.
BLANK = 64


class Metric(Protocol):
    """What is asked of a metric here."""

    less_is_better: frozenset[str]
    neither_is_better: frozenset[str]

    def update(self, logits: Tensor, targets: Tensor) -> None: ...
    def compute(self) -> Any: ...
    def reset(self) -> None: ...
    def score(self, totals: Any) -> Any: ...


def check_metrics(
    metrics: Sequence[Metric], names: Mapping[type, str], n_classes: int
) -> list[str]:
    """Let each of the metrics score made-up logits by itself; all samples before are forgotten.

    Args:
        metrics: each will be measured.
        names: of those from outside of the package, on the command line.
        n_classes: columns of the logits.

    Returns:
        The scores of those from outside that are a number.
    Raises:
        ValueError: one of them raises an error, or its scores can't be logged; names the place.
    """
    taken, own = {"loss": "the loss"}, []
    for metric in metrics:
        name = names.get(type(metric)) or plugs.name_of(type(metric).__module__)
        with blamed("metric", name):
            scores = _blank_scores(metric, n_classes)
        if why := _fault_of(scores, n_classes, taken):
            score = type(metric).score
            raise fault("metric", name, why, returning(score), score, type(metric))
        if unknown := sorted((metric.less_is_better | metric.neither_is_better) - scores.keys()):
            shown = ", ".join(map(repr, scores))
            why = f"declares which values of {unknown[0]!r} are better; its scores are {shown}"
            raise fault("metric", name, why, type(metric))
        taken |= dict.fromkeys(scores, f"metric {name}")
        if type(metric) in names:
            own += [score for score, value in scores.items() if np.ndim(value) == 0]
    return own


def _blank_scores(metric: Metric, n_classes: int) -> Any:
    n = min(n_classes, BLANK)
    metric.reset()
    metric.update(torch.eye(n, n_classes), torch.arange(n))
    scores = metric.compute()
    metric.reset()
    return scores


def _fault_of(scores: Any, n_classes: int, taken: Mapping[str, str]) -> str | None:
    """What is wrong with a metric's scores; None if they can be logged."""
    if not isinstance(scores, dict) or not all(isinstance(name, str) for name in scores):
        return f"returned {quoted(scores)}, no dict of scores by name{if_none(scores)}"
    for name, value in scores.items():
        if name in taken:
            return f"returned a score {name!r}, a name that {taken[name]} has: give it another"
        if not name or "/" in name:
            return f"returned a score {name!r}: give it a name without '/', which is for classes"
        if why := _fault_of_value(value, n_classes):
            return f"returned a score {name!r} that is {why}"
    return None


def _fault_of_value(value: Any, n_classes: int) -> str | None:
    wanted = f"a number, or an array of one for each of the {n_classes} classes"
    if isinstance(value, (Real, np.bool_)):
        return None
    if not isinstance(value, (np.ndarray, Tensor)):
        return f"{quoted(value)}, not {wanted}"
    numeric = not np.iscomplexobj(value) and getattr(value.dtype, "kind", "f") in "fiub"
    if not numeric or (value.ndim == 1 and len(value) != n_classes):
        return f"an array {tuple(value.shape)} of {value.dtype}, not {wanted}"
    return None
