"""Streaming classification metrics: additive state of constant size, scored as by scikit-learn.

Each file not starting with an underscore is one family; adding a family is adding a file. All work
alone:

    metric = Accuracy(n_classes=10)         # from project.metrics.accuracy import Accuracy
    metric.update(logits, targets)          # any number of times, batches of any size
    metric.compute()                        # {"accuracy": 0.98}
"""

from collections.abc import Iterable
from inspect import signature
from typing import Any

from project import plugs
from project.metrics._accumulators import Accumulator
from project.metrics._collection import Collection
from project.metrics._metric import Metric, Scores
from project.metrics._predictions import Predictions

__all__ = [
    "Accumulator",
    "Collection",
    "Metric",
    "Predictions",
    "Scores",
    "classification",
    "families",
]


def families() -> list[type[Metric]]:
    """Every metric of this folder, in the order of the files' names."""
    modules = [plugs.load("metric", name) for name in plugs.names("metric")]
    return [
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and value.__module__ == module.__name__
        if issubclass(value, Metric)
    ]


def classification(n_classes: int, further: Iterable[str] = (), hparams: Any = None) -> Collection:
    """All metrics of this folder as one, each distinct kind of state updated once per batch.

    Args:
        n_classes: columns of the logits.
        further: metrics from outside, `MODULE:NAME`.
        hparams: for metrics whose class takes an argument of this name.

    Raises:
        ValueError: there are fewer than two classes, or one of the further is no metric.
    """
    found = [*families(), *(_outside(text) for text in dict.fromkeys(further) if ":" in text)]
    return Collection(
        [
            family(n_classes, **{"hparams": hparams} if _takes_hparams(family) else {})
            for family in found
        ]
    )


def _takes_hparams(family: type[Metric]) -> bool:
    return "hparams" in signature(family.__init__).parameters


def _outside(text: str) -> type[Metric]:
    found = plugs.load("metric", text)
    if not (isinstance(found, type) and issubclass(found, Metric)):
        raise ValueError(f"--metric {text!r} is no subclass of project.metrics.Metric")
    return found
