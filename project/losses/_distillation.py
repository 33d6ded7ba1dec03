"""Distillation: a loss in which a model also learns what a teacher says of each class."""

from torch import Tensor, nn

from project.losses._objective import Objective
from project.losses._pixels import known, sample_means
from project.values import Loss, Taught

NAME = "distillation"


class Distillation(nn.Module):
    """a T^2 KL(q, p) + (1 - a) loss, of each sample.

    q are the teacher's probabilities and p the model's, both of logits divided by T. The factor T^2
    keeps the gradients of the first term as large whatever T is. Of masks it is the mean over the
    pixels that are not ignored.

    Source: G. Hinton, O. Vinyals, J. Dean, "Distilling the Knowledge in a Neural Network", 2015,
    https://arxiv.org/abs/1503.02531, section 2.

    Args:
        objective: the loss of the targets.
        weight: a, above 0 and at most 1.
        temperature: T, above 0.
    """

    def __init__(self, objective: Objective, weight: float, temperature: float) -> None:
        super().__init__()
        self.objective, self.weight, self.temperature = objective, weight, temperature

    def forward(self, logits: Tensor, taught: Taught) -> Loss:
        """Logits `(b, n_classes, ...)` to the losses `(b,)`: the sum, and each part by its name."""
        own = Loss.of(self.objective(logits, taught.targets))
        soft = self.temperature**2 * self._divergence(logits, taught)
        names = [term.name for term, _ in self.objective.parts]
        terms = own.terms or dict.fromkeys(names, own.total)
        return Loss(self.weight * soft + (1 - self.weight) * own.total, terms | {NAME: soft})

    def _divergence(self, logits: Tensor, taught: Taught) -> Tensor:
        """KL(q, p) = sum of q (ln q - ln p) over the classes, in nats."""
        log_p = (logits.float() / self.temperature).log_softmax(1)
        q = taught.probs
        each = (q.xlogy(q) - q * log_p).sum(1)
        if each.ndim == 1:
            return each
        return sample_means(each * known(taught.targets), taught.targets)
