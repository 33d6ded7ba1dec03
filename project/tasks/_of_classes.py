"""Tasks that decide between classes, of an image or of each of its pixels, by logits."""

from abc import abstractmethod
from collections.abc import Iterable
from typing import Any

from torch import Tensor

from project.tasks._task import Task
from project.values import Prediction


class OfClasses(Task):
    """Outputs are logits `(b, n_classes)` or, of pixels, `(b, n_classes, H, W)`."""

    decides = True

    def probs(self, outputs: Tensor) -> Tensor:
        """Softmax, float32 of the outputs' shape."""
        return outputs.detach().float().softmax(1)

    def decisions(self, outputs: Tensor) -> Tensor:
        """The class of the largest logit, the first of equals, `(b, ...)` int64."""
        return outputs.detach().max(1).indices

    def decode(self, outputs: Tensor) -> list[Prediction]:
        """The class of the largest logit, the first of equals."""
        return self._predictions(outputs, self.probs(outputs))

    def chosen(self, probs: Tensor) -> list[Prediction]:
        """The class of the largest probability, the first of equals."""
        return self._predictions(probs, probs)

    @abstractmethod
    def values(self, decisions: Tensor) -> Iterable[Any]:
        """What a prediction has of each sample's decisions."""

    def _predictions(self, scores: Tensor, probs: Tensor) -> list[Prediction]:
        values = self.values(self.decisions(scores))
        return [Prediction(*each) for each in zip(values, probs.cpu().numpy(), strict=True)]
