"""Before a run is opened, its model and loss take a few images: what they do wrong is told then."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

from project.cli.faults import blamed, fault
from project.files.definitions import returning
from project.training import generators
from project.training.outputs import Check, losses_fault
from project.training.restoring import restored


@dataclass(frozen=True)
class Rehearsal:
    """A model and a loss, tried on a few random images; they and the generators stay as they are.

    Attributes:
        model: on its device, as it will be trained; not compiled.
        loss: of outputs and targets, each sample's.
        names: of the model and of the loss, on the command line.
        check: what is wrong with the model's outputs.
        shape: of an image.
        n_classes: targets are the first and the last.
        device: of the images.
        precision: gives the context of the run's precision.
        several: whether several processes will train.
    """

    model: nn.Module
    loss: Callable[[Any, Tensor], Tensor]
    names: tuple[str, str]
    check: Check
    shape: tuple[int, int, int]
    n_classes: int
    device: torch.device
    precision: Callable[[], AbstractContextManager]
    several: bool = False

    def __call__(self, training: bool, watched: AbstractContextManager) -> None:
        """Let them take a batch, as the evaluation does and, if asked, as the training does.

        Args:
            training: whether the model will be trained.
            watched: entered for the evaluation's pass.

        Raises:
            ValueError: the person's model or loss does something wrong; the line names the place.
        """
        on_device = torch.cuda.device(self.device) if self.device.type == "cuda" else nullcontext()
        with generators.untouched(), restored(self.model, self.loss), on_device:
            self.model.eval()
            with torch.no_grad(), watched:
                self._losses(self._outputs())
            if training:
                self.model.train()
                self._check_gradients(self._outputs())

    @cached_property
    def _batch(self) -> tuple[Tensor, Tensor]:
        """Inputs of mean 0 and deviation 1, as the data's are, and targets."""
        # Another number than the classes', so that what is transposed has another shape.
        n = 3 if self.n_classes == 2 else 2
        source = torch.Generator().manual_seed(0)
        inputs = torch.randn(n, *self.shape, generator=source)
        targets = torch.tensor([0, self.n_classes - 1, 0][:n])
        return inputs.to(self.device), targets.to(self.device)

    def _outputs(self) -> Any:
        inputs, _ = self._batch
        with blamed("model", self.names[0], doing=f"can't take images {tuple(inputs.shape)}:"):
            with self.precision():
                # A copy: a layer may write to its input.
                outputs = self.model(inputs.clone())
        if why := self.check(outputs, len(inputs), self.device):
            why += self._diverged() if "NaN" in why else ""
            at = None if outputs is None else returning(self.model)
            raise fault("model", self.names[0], why, at, self.model)
        return outputs

    def _losses(self, outputs: Any) -> Tensor:
        _, targets = self._batch
        with blamed("loss", self.names[1]), self.precision():
            losses = self.loss(outputs, targets)
        if why := losses_fault(losses, len(targets)):
            at = None if losses is None else returning(self.loss)
            raise fault("loss", self.names[1], why, at, self.loss)
        return losses

    def _check_gradients(self, outputs: Tensor) -> None:
        """Let the loss's gradient reach the model's parameters, and forget it."""
        found = {k: p for k, p in self.model.named_parameters() if p.requires_grad}
        if not found:
            unseen = next(self.model.parameters(), None) is None
            hint = "layers in a list need nn.ModuleList" if unseen else "all are frozen"
            why = f"has no parameters to train: {hint}"
            raise fault("model", self.names[0], why, type(self.model))
        if not outputs.requires_grad:
            raise self._model_fault(
                "returned logits without a gradient: is there a detach(), .data, numpy() or"
                " no_grad() on their way?"
            )
        losses = self._losses(outputs)
        wanted = (outputs, *found.values())
        grads: tuple[Tensor | None, ...] = (None,) * len(wanted)
        if losses.requires_grad:
            with blamed("model", self.names[0], doing="has no gradient:"):
                grads = torch.autograd.grad(losses.sum(), wanted, allow_unused=True)
        if grads[0] is None:
            raise self._loss_fault(
                "has no gradient for the logits: is there a detach(), .item(), argmax or no_grad()"
                " on its way?"
            )
        if not grads[0].isfinite().all():
            raise self._loss_fault("has a gradient that is NaN or infinite, for finite logits")
        self._check_reached(dict(zip(found, grads[1:], strict=True)))

    def _check_reached(self, grads: dict[str, Tensor | None]) -> None:
        unreached = [name for name, grad in grads.items() if grad is None]
        if len(unreached) == len(grads):
            raise self._model_fault("returned logits whose gradient reaches none of its parameters")
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
        return fault("model", self.names[0], why, returning(self.model), self.model)

    def _loss_fault(self, why: str) -> ValueError:
        return fault("loss", self.names[1], why, returning(self.loss), self.loss)
