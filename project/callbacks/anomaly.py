"""Anomaly detection: which operation made the first NaN of training, and where it is called."""

import re
import traceback
import warnings
from collections.abc import Callable
from typing import Any

import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from project.cli.faults import Misuse
from project.words.places import WORKERS

# What they give is not written yet.
_UNWRITTEN = ("empty", "new_empty", "resize")


class DetectAnomaly(Callback):
    """Ends training where a loss or a gradient is not finite, with the operation that made it so.

    The forward pass is watched operation by operation, the backward pass by autograd's anomaly
    mode. Nothing is changed, but a step takes several times as long.
    """

    def __init__(self) -> None:
        self._begun = False

    def on_train_epoch_start(self, trainer: Trainer, solver: LightningModule) -> None:
        """Put itself around what each step calls."""
        if self._begun:
            return
        self._begun, self._solver, self._first = True, solver, First()
        step = solver.optimization
        step.model, step.loss = self._model(step.model), self._loss(step.loss)
        step.backward = self._backward(step.backward)

    def _model(self, model: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*inputs: Any) -> Any:
            self._first = First()
            with torch.autograd.set_detect_anomaly(True), self._first:
                return model(*inputs)

        return watched

    def _loss(self, loss: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*given: Any) -> Any:
            with torch.autograd.set_detect_anomaly(True), self._first:
                losses = loss(*given)
            leaves = [leaf.detach() for leaf in tree_leaves(losses) if isinstance(leaf, Tensor)]
            for kind, has in KINDS.items():
                if kind in self._first.found and any(bool(has(leaf).any()) for leaf in leaves):
                    operation, trace = self._first.found[kind]
                    raise self._error(f"{operation} made the first {kind} of the loss", trace)
            return losses

        return watched

    def _backward(self, backward: Callable[..., None]) -> Callable[..., None]:
        def watched(*given: Any) -> None:
            with warnings.catch_warnings(record=True) as told:
                warnings.simplefilter("always")
                try:
                    with torch.autograd.set_detect_anomaly(True):
                        return backward(*given)
                except RuntimeError as error:
                    found = re.search(r"Function '(\w+)' returned nan", str(error))
                    if found is None:
                        raise
                    trace = "".join(str(w.message) for w in told if "Traceback" in str(w.message))
                    name = re.sub(r"Backward\d*$", "", found[1]).lower()
                    why = f"the gradient of {name} is NaN ({found[1]})"
                    raise self._error(why, trace) from error

        return watched

    def _error(self, why: str, trace: str) -> Misuse:
        """The line last, as of errors that have happened elsewhere: here, in the forward pass."""
        line = f"step {self._solver.step + 1}: {why}"
        return Misuse(f"{line}\n{WORKERS}\n{trace}\n{line}")


KINDS: dict[str, Callable[[Tensor], Tensor]] = {"NaN": torch.isnan, "infinity": torch.isinf}


class First(TorchDispatchMode):
    """Notes the first operation that gives a NaN, or an infinity, of inputs without one.

    Attributes:
        found: its name and the calls that led to it, by kind.
    """

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, tuple[str, str]] = {}

    def __torch_dispatch__(
        self, operation: Any, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        given, name = kwargs or {}, operation.overloadpacket.__name__
        wanted = [k for k in KINDS if k not in self.found and not name.startswith(_UNWRITTEN)]
        # One that writes to its inputs changes what was there.
        before = {k: _holds(k, (args, given)) for k in wanted if operation._schema.is_mutable}
        result = operation(*args, **given)
        for kind in wanted:
            if _holds(kind, result) and not before.get(kind, _holds(kind, (args, given))):
                self.found[kind] = name, "".join(traceback.format_stack()[:-1])
        return result


def _holds(kind: str, tree: Any) -> bool:
    numbers = (t for t in tree_leaves(tree) if isinstance(t, Tensor) and t.is_floating_point())
    return any(bool(KINDS[kind](t).any()) for t in numbers)
