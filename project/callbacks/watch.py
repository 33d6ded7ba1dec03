"""Watching: norms of gradients and weights of each layer, as curves beside the loss."""

import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from torch import Tensor, nn
from torch.optim import Optimizer


class Watch(Callback):
    """Gives the solver, every so many steps, numbers of each layer to log with the step's loss.

    A layer is a module with parameters of its own. Gradients are those of all processes, before
    they are clipped. Nothing is drawn and nothing changed.

    Args:
        every: optimizer steps.
    """

    def __init__(self, every: int) -> None:
        self.every = every

    def on_before_optimizer_step(
        self, trainer: Trainer, solver: LightningModule, optimizer: Optimizer
    ) -> None:
        if (step := solver.step + 1) % self.every == 0:
            solver.noted[step] = of_layers(solver.model)


@torch.no_grad()
def of_layers(model: nn.Module) -> dict[str, float]:
    """`weight_norm/LAYER`, and of the gradient `grad_norm`, `grad_mean`, `grad_std`, `grad_max`.

    Norms are Euclidean, over all numbers of the layer; the deviation is that of the numbers (not
    of a sample of them), the maximum is of absolute values. Layers without a gradient lack those.
    """
    names, found = [], []
    for layer, module in model.named_modules():
        own = [p for p in module.parameters(recurse=False) if p.requires_grad]
        if not own:
            continue
        layer = layer or "model"
        names.append(f"weight_norm/{layer}")
        found.append(_joined(own).norm())
        if grads := [p.grad for p in own if p.grad is not None]:
            grad = _joined(grads)
            names += [f"grad_{name}/{layer}" for name in ("norm", "mean", "std", "max")]
            found += [grad.norm(), grad.mean(), grad.std(correction=0), grad.abs().max()]
    # One reading of the device for all.
    return dict(zip(names, torch.stack(found).tolist(), strict=True)) if found else {}


def _joined(tensors: list[Tensor]) -> Tensor:
    return torch.cat([tensor.detach().flatten().float() for tensor in tensors])
