"""Microseconds to add a batch to a metric's state, beside `torch.bincount` and argmax alone."""

from collections.abc import Callable, Iterator
from time import perf_counter

import torch
from sklearn.metrics import confusion_matrix
from torch import Tensor
from torchmetrics.classification import MulticlassConfusionMatrix

from benchmarks._command import run
from benchmarks._result import Goal, Result
from benchmarks._turns import take_turns
from project import metrics
from project.metrics.confusion_matrix import ConfusionMatrix
from project.training.evaluation import MEASURED_AT_ONCE, joined

Update = Callable[[Tensor, Tensor], object]


def measure(quick: bool) -> Iterator[Result]:
    """128 and 1,024 samples of 10, 100 and 1,000 classes."""
    for n_classes in (10, 100, 1000):
        for n_samples in (128,) if quick else (128, 1024):
            # As many batches as an evaluation measures at once, several times over.
            together = -(-MEASURED_AT_ONCE // (n_samples * n_classes))
            # So often that the first of a turn, whose caches hold another's data, counts little.
            repeats = together * (1 if quick else max(20, 100 // together))
            yield update(n_classes, n_samples, n=1 if quick else 7, repeats=repeats)


def update(n_classes: int, n_samples: int, n: int, repeats: int) -> Result:
    """All ways on the same batch of random logits."""
    torch.manual_seed(0)
    batch = torch.randn(n_samples, n_classes), torch.randint(n_classes, (n_samples,))
    ways: dict[str, Update] = {
        "argmax and bincount": Bincount(n_classes).update,
        "argmax": lambda logits, targets: logits.argmax(1),
        "project, confusion matrix": ConfusionMatrix(n_classes).update,
        "project, all metrics": metrics.classification(n_classes).update,
        "torchmetrics": MulticlassConfusionMatrix(n_classes).update,
        "scikit-learn": ScikitLearn(n_classes).update,
    }
    for name in ("project, confusion matrix", "project, all metrics"):
        ways[f"{name}, many batches"] = Together(ways[name]).update
    cases = {name: lambda way=way: _microseconds(way, batch, repeats) for name, way in ways.items()}
    goals = (
        Goal("project, confusion matrix", "argmax and bincount", below=1.2),
        Goal("project, confusion matrix, many batches", "argmax and bincount", below=1.2),
        Goal("project, all metrics, many batches", "argmax and bincount"),
        Goal("torchmetrics", "project, confusion matrix"),
        Goal("scikit-learn", "project, confusion matrix"),
    )
    title = f"metric update, {n_samples} of {n_classes} classes"
    return Result(title, "us", take_turns(cases, n), goals)


class Bincount:
    """The limit: a confusion matrix as a person would keep it by hand."""

    def __init__(self, n_classes: int) -> None:
        self.n_classes = n_classes
        self.counts = torch.zeros(n_classes**2, dtype=torch.int64)

    def update(self, logits: Tensor, targets: Tensor) -> None:
        cells = targets * self.n_classes + logits.argmax(1)
        self.counts += torch.bincount(cells, minlength=self.n_classes**2)


class Together:
    """What the project's evaluation does: batches are kept, and measured together."""

    def __init__(self, update: Update) -> None:
        self.measure, self.kept = update, []

    def update(self, logits: Tensor, targets: Tensor) -> None:
        self.kept.append((logits, targets))
        if len(self.kept) * logits.numel() >= MEASURED_AT_ONCE:
            self.measure(*map(joined, zip(*self.kept, strict=True)))
            self.kept = []


class ScikitLearn:
    """The template's way."""

    def __init__(self, n_classes: int) -> None:
        self.labels, self.matrices = range(n_classes), 0

    def update(self, logits: Tensor, targets: Tensor) -> None:
        preds = logits.argmax(1).numpy()
        self.matrices += confusion_matrix(targets.numpy(), preds, labels=self.labels)


def _microseconds(way: Update, batch: tuple[Tensor, Tensor], repeats: int) -> float:
    with torch.inference_mode():
        began = perf_counter()
        for _ in range(repeats):
            way(*batch)
        return (perf_counter() - began) / repeats * 1e6


if __name__ == "__main__":
    run(measure)
