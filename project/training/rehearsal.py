"""Before a run is opened, its model and loss take a few images: what they do wrong is told then."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from project.cli.faults import blamed, fault
from project.files.definitions import returning
from project.training import generators
from project.training.outputs import losses_fault
from project.training.restoring import restored
from project.values import Loss, Tree, leaves, mapped


class Task(Protocol):
    """What is asked of a task here."""

    shape: tuple[int, int, int]
    outputs: str
    n_tried: int

    def blank_targets(self, n: int) -> Tree: ...
    def check(self, outputs: Any, n: int, device: torch.device) -> str | None: ...


@dataclass(frozen=True)
class Rehearsal:
    """A model and a loss, tried on a few random images; they and the generators stay as they are.

    Attributes:
        model: on its device, as it will be trained; not compiled.
        loss: of outputs and targets, each sample's; or the sum of several.
        parts: the losses by their names on the command line.
        name: of the model there.
        task: knows the images' shape, and what is wrong with the model's outputs.
        device: of the images.
        precision: gives the context of the run's precision.
        several: whether several processes will train.
    """

    model: nn.Module
    loss: Callable[[Any, Any], Tensor | Loss]
    parts: Mapping[str, Callable[[Any, Any], Tensor | Loss]]
    name: str
    task: Task
    device: torch.device
    precision: Callable[[], AbstractContextManager]
    several: bool = False

    def __call__(self, training: bool, watched: AbstractContextManager) -> tuple[str, ...]:
        """Let them take a batch, as the evaluation does and, if asked, as the training does.

        Args:
            training: whether the model will be trained.
            watched: entered for the evaluation's pass.

        Returns:
            The names of the loss's terms.

        Raises:
            ValueError: the person's model or loss does something wrong; the line names the place.
        """
        on_device = torch.cuda.device(self.device) if self.device.type == "cuda" else nullcontext()
        with generators.untouched(), restored(self.model, self.loss), on_device:
            self.model.eval()
            with torch.no_grad(), watched:
                outputs = self._outputs()
                for text in self.parts:
                    self._losses(text, outputs)
                with self.precision():
                    terms = Loss.of(self.loss(outputs, self._batch[1])).terms
            if training:
                self.model.train()
                self._check_gradients(self._outputs())
        return tuple(terms)

    @cached_property
    def _batch(self) -> tuple[Tensor, Tree]:
        """Inputs of mean 0 and deviation 1, as the data's are, and targets."""
        n = self.task.n_tried
        source = torch.Generator().manual_seed(0)
        inputs = torch.randn(n, *self.task.shape, generator=source)
        targets = mapped(lambda leaf: leaf.to(self.device), self.task.blank_targets(n))
        return inputs.to(self.device), targets

    def _outputs(self) -> Any:
        inputs, _ = self._batch
        with blamed("model", self.name, doing=f"can't take images {tuple(inputs.shape)}:"):
            with self.precision():
                # A copy: a layer may write to its input.
                outputs = self.model(inputs.clone())
        if why := self.task.check(outputs, len(inputs), self.device):
            why += self._diverged() if "NaN" in why else ""
            at = None if outputs is None else returning(self.model)
            raise fault("model", self.name, why, at, self.model)
        return outputs

    def _losses(self, text: str, outputs: Any) -> Tensor:
        (inputs, targets), loss = self._batch, self.parts[text]
        with blamed("loss", text), self.precision():
            losses = loss(outputs, targets)
        if why := losses_fault(losses, len(inputs)):
            at = None if losses is None else returning(loss)
            raise fault("loss", text, why, at, loss)
        return Loss.of(losses).total

    def _check_gradients(self, outputs: Tree) -> None:
        """Let the loss's gradient reach the model's parameters, and forget it."""
        found = {k: p for k, p in self.model.named_parameters() if p.requires_grad}
        if not found:
            unseen = next(self.model.parameters(), None) is None
            hint = "layers in a list need nn.ModuleList" if unseen else "all are frozen"
            why = f"has no parameters to train: {hint}"
            raise fault("model", self.name, why, type(self.model))
        known = [leaf for leaf in leaves(outputs) if leaf.requires_grad]
        called = self.task.outputs
        if not known:
            raise self._model_fault(
                f"returned {called} without a gradient: is there a detach(), .data, numpy() or"
                " no_grad() on their way?"
            )
        for text in self.parts:
            grads = self._gradients(text, outputs, known, list(found.values()))
            self._check_reached(dict(zip(found, grads, strict=True)))

    def _gradients(
        self, text: str, outputs: Tree, known: list[Tensor], parameters: list[Tensor]
    ) -> tuple[Tensor | None, ...]:
        """Those that one of the losses gives the parameters, by way of the outputs."""
        losses, wanted, n = self._losses(text, outputs), (*known, *parameters), len(known)
        grads: tuple[Tensor | None, ...] = (None,) * len(wanted)
        if losses.requires_grad:
            kept = len(self.parts) > 1
            with blamed("model", self.name, doing="has no gradient:"):
                grads = torch.autograd.grad(
                    losses.sum(), wanted, retain_graph=kept, allow_unused=True
                )
        of_outputs, called = [grad for grad in grads[:n] if grad is not None], self.task.outputs
        if not of_outputs:
            raise self._loss_fault(
                text,
                f"has no gradient for the {called}: is there a detach(), .item(), argmax or"
                " no_grad() on its way?",
            )
        if not all(grad.isfinite().all() for grad in of_outputs):
            why = f"has a gradient that is NaN or infinite, for finite {called}"
            raise self._loss_fault(text, why)
        return grads[n:]

    def _check_reached(self, grads: dict[str, Tensor | None]) -> None:
        unreached = [name for name, grad in grads.items() if grad is None]
        if len(unreached) == len(grads):
            raise self._model_fault(
                f"returned {self.task.outputs} whose gradient reaches none of its parameters"
            )
        if unreached and self.several:
            raise self._model_fault(
                f"does not use {', '.join(unreached[:3])}, for which several processes would wait:"
                " use them, or give them requires_grad_(False)"
            )
        bad = (k for k, grad in grads.items() if grad is not None and grad.isnan().any())
        if name := next(bad, None):
            raise self._model_fault(f"has a gradient that is NaN, of {name}")

    def _diverged(self) -> str:
        numbers = ((k, p) for k, p in self.model.named_parameters() if p.is_floating_point())
        bad = next((k for k, p in numbers if not p.isfinite().all()), None)
        return f"; its {bad} holds numbers that are not finite" if bad else ""

    def _model_fault(self, why: str) -> ValueError:
        return fault("model", self.name, why, returning(self.model), self.model)

    def _loss_fault(self, text: str, why: str) -> ValueError:
        return fault("loss", text, why, returning(self.parts[text]), self.parts[text])
