"""Streaming metrics: additive state of constant size, scored as by scikit-learn.

Each file not starting with an underscore is one family; adding a family is adding a file. All work
alone:

    metric = Accuracy(n_classes=10)         # from project.metrics.accuracy import Accuracy
    metric.update(logits, targets)          # any number of times, batches of any size
    metric.compute()                        # {"accuracy": 0.98}
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from project.metrics._accumulators import Accumulator, Seen
from project.metrics._collection import Collection
from project.metrics._confusion import Confusion, Counts, OfClasses
from project.metrics._gallery import Embedded, Gallery
from project.metrics._histograms import Bins, Histograms
from project.metrics._metric import Declared, Metric, Scores
from project.metrics._pixel_confusion import PixelConfusion, PixelCounts, mean_ious
from project.metrics._pixel_metric import PixelMetric
from project.metrics._pixels import Pixels
from project.metrics._predictions import Predictions

__all__ = [
    "Accumulator",
    "Bins",
    "Collection",
    "Confusion",
    "Counts",
    "Declared",
    "Embedded",
    "Gallery",
    "Histograms",
    "Metric",
    "OfClasses",
    "PixelConfusion",
    "PixelCounts",
    "PixelMetric",
    "Pixels",
    "Predictions",
    "Scores",
    "Seen",
    "classification",
    "collected",
    "families",
    "mean_ious",
]


def families(task: str = "classification") -> list[type[Metric]]:
    """Every metric of this folder that serves a task, in the order of the files' names."""
    # Not by the loader of all plugs: metrics work without the rest of the project.
    names = sorted(info.name for info in iter_modules(__path__) if not info.name.startswith("_"))
    modules = [import_module(f"{__name__}.{name}") for name in names]
    return [
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and value.__module__ == module.__name__
        if issubclass(value, Metric) and task in value.tasks
    ]


def classification(
    n_classes: int,
    further: Mapping[str, Any] | None = None,
    make: Callable[[str, type[Metric]], Metric] | None = None,
) -> Collection:
    """All metrics of classification in this folder as one; see `collected`."""
    return collected("classification", n_classes, further, make)


def collected(
    task: str,
    n_classes: int,
    further: Mapping[str, Any] | None = None,
    make: Callable[[str, type[Metric]], Metric] | None = None,
) -> Collection:
    """All metrics of a task in this folder as one, each kind of state updated once per batch.

    Args:
        task: as metrics know it.
        n_classes: columns of the logits.
        further: metrics from elsewhere, by what they are called on the command line.
        make: makes one of what it is called and its class, where they need more than `n_classes`.

    Raises:
        ValueError: there are fewer than two classes, or one of the further is no metric.
    """
    for name, family in (further or {}).items():
        if not (isinstance(family, type) and issubclass(family, Metric)):
            raise ValueError(f"--metric {name!r} is no subclass of project.metrics.Metric")
        if task not in family.tasks:
            served = " and ".join(family.tasks)
            raise ValueError(f"--metric {name!r} serves {served}, not {task}: set its `tasks`")
    usual = families(task)
    for name, family in (further or {}).items():
        if usual and family.view is not usual[0].view:
            base = "PixelMetric" if usual[0].view is Pixels else "Metric"
            raise ValueError(f"--metric {name!r} takes no outputs of {task}: derive it from {base}")
    make = make or (lambda _, family: family(n_classes))
    built_in = [make(family.__name__, family) for family in usual]
    own = [make(name, family) for name, family in (further or {}).items()]
    return Collection([*built_in, *own], n_classes)
