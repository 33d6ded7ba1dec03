"""One optimizer step on a batch: gradients of its parts, clipping, the update, the schedule."""

from collections.abc import Callable, Iterable
from contextlib import nullcontext
from functools import partial
from typing import Any

import torch
from pytorch_lightning import Trainer
from torch import Tensor, nn
from torch.amp import GradScaler
from torch.nn.utils import clip_grad_norm_, get_total_norm
from torch.optim import Optimizer

from project.hyperparameters import Hyperparameters
from project.training.hooks import Hooks
from project.training.schedules import Schedule, set_rate
from project.values import OF_VIEWS, Batch, Loss, Tree, mapped, split


def scaler_of(trainer: Trainer) -> GradScaler | None:
    """The gradients' scaler, which only 16-mixed has, or None."""
    return getattr(trainer.precision_plugin, "scaler", None)


def outputs_of(model: Callable[[Tensor], Tree], inputs: Tensor) -> Tree:
    """The model's outputs `(b, ...)`; of several views `(b, V, ...)`, in one pass of b V images."""
    if inputs.ndim != OF_VIEWS:
        return model(inputs)
    sizes = inputs.shape[:2]
    return mapped(lambda leaf: leaf.unflatten(0, sizes), model(inputs.flatten(0, 1)))


class OptimizerStep:
    """Does the steps of one training, in its trainer's precision and on its devices.

    Args:
        model: what is optimized.
        loss: as of `Solver`.
        trainer: in training, so that it has an optimizer.
        schedule: of the learning rate and the momentum.
        hparams: clipping, accumulation and precision.

    Attributes:
        model, loss, backward: what is called for the losses and the gradients; a profile and the
            detection of anomalies put themselves around them.
        before: called with the optimizer before each step, once the gradients are there.
        grad_norm: norm of the gradient in the latest step that asked for it, before clipping.
        terms: names of the loss's terms in the latest step; none where there is one.
    """

    def __init__(
        self,
        model: nn.Module,
        loss: Callable[[Any, Any], Tensor | Loss],
        trainer: Trainer,
        schedule: Schedule,
        hparams: Hyperparameters,
    ) -> None:
        # Finding them at the trainer in each step costs more than using them.
        self._strategy, self._world_size = trainer.strategy, trainer.world_size
        self._optimizer: Optimizer = trainer.optimizers[0]
        self._schedule, self._scaler = schedule, scaler_of(trainer)
        self.model, self.loss, self.backward = model, loss, Tensor.backward
        self.before: Hooks = ()
        self._clip, self._accumulate = hparams.gradient_clip, hparams.accumulate
        self._parameters = [p for p in model.parameters() if p.requires_grad]
        # Once a block, preparing to take all norms at once takes longer than the CPU's norms.
        on_cpu = all(p.device.type == "cpu" for p in self._parameters)
        self._norm = partial(get_total_norm, foreach=False if on_cpu else None)
        # Lightning's context is around whole steps. Within it, what a model computes in float32 on
        # purpose would have gradients of half that precision.
        device = trainer.strategy.root_device.type
        mixed = hparams.precision != "32"
        self._out_of_autocast = (
            partial(torch.autocast, device, enabled=False) if mixed else nullcontext
        )
        self._known_weights: dict[tuple[int, int], Tensor] = {}
        self.grad_norm: Tensor | None = None
        self.terms: tuple[str, ...] = ()

    def __call__(self, batch: Batch, step: int, norm: bool) -> Tensor:
        """Do one step.

        Args:
            batch: this rank's share.
            step: how many were done before.
            norm: whether `grad_norm` is wanted.

        Returns:
            The sum of this rank's samples' losses, detached, `()`; where the loss has terms, with
            theirs behind it, `(1 + n_terms,)`.
        """
        for parameter in self._parameters:
            parameter.grad = None
        sums = [self._backward(*part, batch.size) for part in self._parts(batch)]
        self._update(step, norm)
        return sums[0] if len(sums) == 1 else torch.stack(sums).sum(0)

    def _parts(self, batch: Batch) -> Iterable[tuple[Tensor, Tree]]:
        if self._accumulate == 1:
            return ((batch.inputs, batch.targets),)
        # As many on all ranks, which wait for each other in each, however uneven their shares are.
        n = min(self._accumulate, batch.size // self._world_size)
        inputs = batch.inputs.tensor_split(n)
        return zip(inputs, split(batch.targets, [len(part) for part in inputs]), strict=True)

    def _backward(self, inputs: Tensor, targets: Tree, size: int) -> Tensor:
        """Add the gradient of the samples' losses over `size`; returns the losses' sums."""
        losses, terms = Loss.of(self.loss(outputs_of(self.model, inputs), targets))
        # What Lightning's `manual_backward` does, but for its hooks, which cost as much as a layer.
        self._strategy.pre_backward(losses)
        scaled = losses if self._scaler is None else self._scaler.scale(losses)
        with self._out_of_autocast():
            self.backward(scaled, self._weights(len(inputs), size, losses))
        self.terms = tuple(terms)
        total = losses.detach().sum()
        return torch.stack([total, *(t.detach().sum() for t in terms.values())]) if terms else total

    def _weights(self, n: int, size: int, losses: Tensor) -> Tensor:
        """What each of `n` samples' losses counts in the gradient, `(n,)`.

        Samples of all ranks count alike, whatever each rank's share of the batch.
        """
        if (n, size) not in self._known_weights:
            # DistributedDataParallel averages over ranks; the sum is wanted.
            weight = self._world_size / size
            self._known_weights[n, size] = torch.full_like(losses, weight)
        return self._known_weights[n, size]

    def _update(self, step: int, norm: bool) -> None:
        scaler, optimizer = self._scaler, self._optimizer
        set_rate(optimizer, *self._schedule(step))
        if scaler is not None:
            scaler.unscale_(optimizer)
        for hook in self.before:
            hook(optimizer)
        if self._clip is not None:
            self.grad_norm = clip_grad_norm_(self._parameters, self._clip)
        elif norm:
            self.grad_norm = self._norm([p.grad for p in self._parameters if p.grad is not None])
        if scaler is not None:
            scaler.step(optimizer)
            scaler.update()
        else:
            optimizer.step()
