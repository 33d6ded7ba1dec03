"""What training minimises: one loss, or the weighted sum of several."""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from torch import Tensor, nn

from project.plugs.weighted import Term
from project.values import Loss, Tree

VIEWED = 3  # dimensions of the outputs of several views: sample, view, value
Function = Callable[[Any, Any], Tensor | Loss]


class Objective(nn.Module):
    """Outputs and targets of a batch to its `Loss`; as a module, it has the losses that are some.

    Where one takes outputs of several views of each image, `(b, V, ...)`, the others take those of
    the first view. Of one view, as in evaluation, those that need several are left out.

    Args:
        parts: each term with its loss.
        several: plugs of the losses that take outputs of several views.
        needing: those of them that need several.

    Attributes:
        parts: each term with the loss that it stands for.
    """

    def __init__(
        self,
        parts: Iterable[tuple[Term, Function]],
        several: Collection[str] = (),
        needing: Collection[str] = (),
    ) -> None:
        super().__init__()
        self.parts = tuple(parts)
        self._several = several
        of_one = tuple(part for part in self.parts if part[0].plug not in needing)
        self._of_one = of_one or self.parts
        self._modules_of_parts = nn.ModuleList(
            loss for _, loss in self.parts if isinstance(loss, nn.Module)
        )

    def forward(self, outputs: Tree, targets: Tree) -> Loss:
        """The losses of the samples, `(batch,)`: the sum, and of several each one's by its name."""
        if self._several:
            return self._of_views(outputs, targets)
        return self._sum(self.parts, lambda _: outputs, targets)

    def _of_views(self, outputs: Any, targets: Tree) -> Loss:
        if outputs.ndim < VIEWED:
            return self._sum(self._of_one, lambda _: outputs, targets)
        first = outputs[:, 0]
        return self._sum(
            self.parts, lambda term: outputs if term.plug in self._several else first, targets
        )

    @staticmethod
    def _sum(
        parts: Sequence[tuple[Term, Function]], taken: Callable[[Term], Any], targets: Tree
    ) -> Loss:
        if len(parts) == 1:
            term, loss = parts[0]
            found = Loss.of(loss(taken(term), targets))
            return found._replace(total=_scaled(found.total, term.weight))
        total: Any = None
        terms: dict[str, Tensor] = {}
        for term, loss in parts:
            found = Loss.of(loss(taken(term), targets))
            terms[term.name] = found.total
            terms |= {f"{term.name}_{name}": value for name, value in found.terms.items()}
            scaled = _scaled(found.total, term.weight)
            total = scaled if total is None else total + scaled
        return Loss(total, terms)


def _scaled(value: Tensor, weight: float) -> Tensor:
    return value if weight == 1 else value * weight
