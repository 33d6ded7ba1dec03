"""Before a run is opened, a person's own metrics score made-up outputs; what is wrong is told."""

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any, NamedTuple, Protocol

import numpy as np
from torch import Tensor

from project import plugs
from project.cli.faults import blamed, fault
from project.files.definitions import returning
from project.training.monitored import Declared
from project.values import Tree
from project.words.returned import if_none
from project.words.telling import quoted


class Metric(Protocol):
    """What is asked of a metric here."""

    tables: tuple[str, ...]
    less_is_better: frozenset[str]
    neither_is_better: frozenset[str]

    def tells(self) -> bool: ...
    def declared(self) -> Mapping[str, Declared]: ...
    def better(self, name: str) -> str | None: ...
    def update(self, outputs: Any, targets: Any) -> None: ...
    def compute(self) -> Any: ...
    def reset(self) -> None: ...
    def score(self, totals: Any) -> Any: ...


class Shown(NamedTuple):
    """What a metric has shown of a score; as of `project.metrics.Declared`."""

    better: str | None
    of_classes: bool


def try_metrics(
    metrics: Sequence[Metric],
    names: Mapping[type, str],
    blank: tuple[Tree, Tree],
    n_classes: int,
) -> dict[str, dict[str, Shown]]:
    """Let those metrics score made-up outputs that don't say what scores they have.

    Args:
        metrics: each will be measured; those that are tried forget all samples.
        names: of those from outside of the package, on the command line; they are tried anyway.
        blank: outputs, and the targets that they find.
        n_classes: how many there are.

    Returns:
        Their scores but for tables, by the metrics' names.
    Raises:
        ValueError: one of them raises an error, or its scores can't be logged; names the place.
    """
    tried = [m for m in metrics if type(m) in names or not m.tells()]
    taken, found = {"loss": "the loss"}, {}
    for metric in metrics:
        if metric not in tried:
            name = plugs.name_of(type(metric).__module__)
            taken |= dict.fromkeys((*metric.declared(), *metric.tables), f"metric {name}")
    for metric in tried:
        name = names.get(type(metric)) or plugs.name_of(type(metric).__module__)
        with blamed("metric", name):
            scores = _blank_scores(metric, *blank)
        if why := _fault_of(scores, n_classes, taken):
            score = type(metric).score
            raise fault("metric", name, why, returning(score), score, type(metric))
        if unknown := sorted((metric.less_is_better | metric.neither_is_better) - scores.keys()):
            shown = ", ".join(map(repr, scores))
            why = f"declares which values of {unknown[0]!r} are better; its scores are {shown}"
            raise fault("metric", name, why, type(metric))
        taken |= dict.fromkeys(scores, f"metric {name}")
        found[name] = {
            score: Shown(metric.better(score), np.ndim(value) == 1)
            for score, value in scores.items()
            if np.ndim(value) < 2
        }
    return found


def _blank_scores(metric: Metric, outputs: Tree, targets: Tree) -> Any:
    metric.reset()
    metric.update(outputs, targets)
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
