"""Classification: each image is of one class."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from project.tasks import _outputs, _task
from project.tasks._entropy import entropy
from project.tasks._of_classes import OfClasses
from project.tasks._reports import save_report
from project.values import Example, Prediction

# Of more classes only the largest probabilities are told of each sample.
MAX_CLASSES_TOLD, N_TOP = 100, 10


class Classification(OfClasses):
    """Images `(b, C, H, W)` to logits `(b, n_classes)`; targets `(b,)` int64."""

    name = "classification"
    accepts = "labels"
    headline = ("accuracy", "balanced_accuracy", "f1_macro")
    judged = "balanced_accuracy"
    outputs = "logits"

    def __init__(self, shape: tuple[int, int, int], classes: tuple[str, ...]) -> None:
        super().__init__(shape, classes)
        if len(classes) < 2 or min(shape) < 1:
            raise ValueError(
                f"a classifier needs at least 2 classes and 1 pixel, not {len(classes)} classes of"
                f" shape {'x'.join(map(str, shape))}: check --data"
            )

    def blank_targets(self, n: int) -> Tensor:
        """The first class, the last one, the one before it, and so on."""
        return -torch.arange(n) % self.n_outputs

    def blank_outputs(self, targets: Tensor) -> Tensor:
        return F.one_hot(targets, self.n_outputs).float()

    def check(self, outputs: Any, n: int, device: torch.device) -> str | None:
        """Logits `(batch, n_classes)`, floating, finite, on the inputs' device."""
        wanted = f"logits (batch, {self.n_outputs})"
        shape = (n, self.n_outputs)
        return _outputs.fault(outputs, shape, wanted, device, _misshapen)

    def badness(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """1 - P(true)."""
        return 1 - outputs.float().softmax(1).gather(1, targets[:, None])[:, 0]

    def columns(self, outputs: Tensor, targets: Tensor) -> dict[str, Tensor]:
        """Target, prediction and their probabilities, entropy / ln C, and the probabilities.

        Of more than 100 classes the ten largest probabilities, and whose they are, `(b, 10)` each.
        """
        probs = self.probs(outputs)
        preds = self.decisions(outputs)
        found = {
            "target": targets,
            "prediction": preds,
            "prob": probs.gather(1, preds[:, None])[:, 0],
            "prob_true": probs.gather(1, targets[:, None])[:, 0],
            "entropy": entropy(probs),
        }
        if self.n_outputs <= MAX_CLASSES_TOLD:
            return found | {"probs": probs}
        top = probs.topk(N_TOP, 1)
        return found | {"top_prob": top.values, "top_class": top.indices}

    def told(self, outputs: Tensor, targets: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """By one softmax, which takes as long as half of all metrics."""
        if type(self) is not Classification:
            return super().told(outputs, targets)
        columns = self.columns(outputs, targets)
        return 1 - columns["prob_true"], columns

    def values(self, decisions: Tensor) -> list[int]:
        """The numbers of the classes."""
        return decisions.tolist()

    def draw(self, example: Example, prediction: Prediction) -> np.ndarray:
        """The image."""
        return _task.rgb(example.image)

    def caption(self, example: Example, prediction: Prediction) -> str:
        true, found = self.classes[example.target], self.classes[prediction.value]
        return f"true {true}\npredicted {found}\nP(true) {prediction.p(example.target):.4f}"

    def says(self, prediction: Prediction) -> list[str]:
        """The two most probable classes."""
        assert prediction.probs is not None
        order = np.argsort(-prediction.probs, kind="stable")[:2]
        return [f"{self.classes[i]} {prediction.probs[i]:.4f}" for i in order]

    def report(self, tables: Mapping[str, np.ndarray], folder: Path, of: str) -> None:
        """Write the confusion matrix, calibration, and error against entropy."""
        save_report(tables, self.classes, folder, of)


def _misshapen(shape: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    """Advice for a shape that is not `(n, n_classes)`."""
    n, n_classes = wanted
    if len(shape) == 2 and shape[0] == n:
        return ": its last layer needs n_classes outputs"
    if shape == (n_classes, n):
        return ": it is transposed"
    if len(shape) > 2 and shape[0] == n:
        return ": flatten it, or take the mean over the pixels"
    return ": the first dimension is the batch's, and has to stay"
