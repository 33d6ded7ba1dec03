"""What training minimises: one loss, or the weighted sum of several."""

from collections.abc import Callable, Iterable
from typing import Any

from torch import Tensor, nn

from project.plugs.weighted import Term
from project.values import Loss, Tree

Function = Callable[[Any, Any], Tensor | Loss]


class Objective(nn.Module):
    """Outputs and targets of a batch to its `Loss`; as a module, it has the losses that are some.

    Attributes:
        parts: each term with the loss that it stands for.
    """

    def __init__(self, parts: Iterable[tuple[Term, Function]]) -> None:
        super().__init__()
        self.parts = tuple(parts)
        self._modules_of_parts = nn.ModuleList(
            loss for _, loss in self.parts if isinstance(loss, nn.Module)
        )

    def forward(self, outputs: Tree, targets: Tree) -> Loss:
        """The losses of the samples, `(batch,)`: the sum, and of several each one's by its name."""
        if len(self.parts) == 1:
            term, loss = self.parts[0]
            found = Loss.of(loss(outputs, targets))
            return found._replace(total=_scaled(found.total, term.weight))
        total: Any = None
        terms: dict[str, Tensor] = {}
        for term, loss in self.parts:
            found = Loss.of(loss(outputs, targets))
            terms[term.name] = found.total
            terms |= {f"{term.name}_{name}": value for name, value in found.terms.items()}
            scaled = _scaled(found.total, term.weight)
            total = scaled if total is None else total + scaled
        return Loss(total, terms)


def _scaled(value: Tensor, weight: float) -> Tensor:
    return value if weight == 1 else value * weight
