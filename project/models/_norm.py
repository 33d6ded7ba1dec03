"""Batch normalisation over all processes of a run, which also trains on a batch of one sample."""

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.functional import batch_norm


class BatchNorm2d(nn.BatchNorm2d):
    """`torch.nn.BatchNorm2d`, but for small batches and for batches that several processes share.

    A single value per channel is scaled by the running statistics: it has no variance, and torch
    raises an error; yet the last batch of an epoch may be one sample, and a deep network's last
    feature maps one pixel.

    Where several processes train, the statistics are those of the whole batch, as they would be in
    one process. torch.nn.SyncBatchNorm, which takes the place of this class on GPUs, does the same
    there only.
    """

    def forward(self, input: Tensor) -> Tensor:
        if self.training and dist.is_initialized() and dist.get_world_size() > 1:
            return self._shared(input)
        if not self.training or input.numel() > self.num_features:
            return super().forward(input)
        return batch_norm(
            input, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps
        )

    def _shared(self, input: Tensor) -> Tensor:
        values = input.float()
        n = values.new_full((1,), input.numel() / self.num_features)
        sums = torch.cat([values.sum((0, 2, 3)), n])
        total, n = _Sum.apply(sums).split([self.num_features, 1])
        mean = total / n
        centred = values - mean.view(1, -1, 1, 1)
        variance = _Sum.apply(centred.square().sum((0, 2, 3))) / n
        with torch.no_grad():
            self.num_batches_tracked += 1
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(variance * (n / (n - 1)), self.momentum)
        scale = self.weight * (variance + self.eps).rsqrt()
        normed = centred * scale.view(1, -1, 1, 1) + self.bias.view(1, -1, 1, 1)
        return normed.to(input.dtype)


class _Sum(torch.autograd.Function):
    """The sum of a tensor over all processes, and its gradient: each result depends on each."""

    @staticmethod
    def forward(ctx: Any, input: Tensor) -> Tensor:
        total = input.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        total = grad.clone()
        dist.all_reduce(total)
        return total


def adapt_norms(model: nn.Module) -> None:
    """Make every `torch.nn.BatchNorm2d` in `model` one of ours, in place."""
    for module in model.modules():
        if type(module) is nn.BatchNorm2d:
            # Ours has the same attributes and buffers: only the forward pass changes.
            module.__class__ = BatchNorm2d
