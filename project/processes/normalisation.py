"""Batch normalisation over all processes of a run, which also trains on a batch of one sample."""

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn.functional import batch_norm


def gather(own: Tensor) -> Tensor:
    """Each process's `own`, as `(processes, *shape)`, by the default process group."""
    parts = [torch.empty_like(own) for _ in range(dist.get_world_size())]
    dist.all_gather(parts, own)
    return torch.stack(parts)


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
        normed, n, mean, variance = _Normalise.apply(input, self.weight, self.bias, self.eps)
        with torch.no_grad():
            self.num_batches_tracked += 1
            # Without a momentum it is the mean over all batches, as torch has it.
            share = 1 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
            self.running_mean.lerp_(mean, share)
            self.running_var.lerp_(variance * (n / (n - 1)), share)
        return normed


class _Normalise(torch.autograd.Function):
    """Normalises `(batch, channels, height, width)` by statistics of all processes' batches.

    Each process waits for the others once forwards, once backwards.
    """

    @staticmethod
    def forward(
        ctx: Any, input: Tensor, weight: Tensor, bias: Tensor, eps: float
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Returns: the output; number of values, mean and biased variance of each channel."""
        values = input.float()
        own_mean, own_variance = torch.batch_norm_update_stats(values, None, None, 0.0)
        own_n = own_mean.new_full((1,), values.numel() / len(own_mean))
        parts = gather(torch.cat([own_n, own_mean, own_variance]))
        n, mean, variance = _of_all_processes(parts)
        ctx.save_for_backward(values, weight, n, mean, variance)
        ctx.eps = eps
        ctx.mark_non_differentiable(n, mean, variance)
        output = batch_norm(values, mean, variance, weight, bias, eps=eps)
        return output.to(input.dtype), n, mean, variance

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor, *_: Any) -> tuple[Tensor | None, ...]:
        values, weight, n, mean, variance = ctx.saved_tensors
        grads, fixed = grad.float(), (mean, variance, None, None, False, ctx.eps)
        _, grad_weight, grad_bias = torch.ops.aten.native_batch_norm_backward(
            grads, values, weight, *fixed, output_mask=[False, True, True]
        )
        # DistributedDataParallel sums these two itself.
        sums = gather(torch.stack([grad_weight, grad_bias])).sum(0)
        # Sergey Ioffe and Christian Szegedy 2015, https://arxiv.org/abs/1502.03167, section 3: the
        # output's gradient as if mean and variance were fixed, and what their change takes back.
        scale = weight / (variance + ctx.eps).sqrt()
        result = batch_norm(values, mean, variance, *(sums * -scale / n), eps=ctx.eps)
        result.addcmul_(grads, scale.view(1, -1, 1, 1))
        return result.to(grad.dtype), grad_weight, grad_bias, None


def _of_all_processes(parts: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Statistics of all processes' values together, the same to the bit in each process."""
    channels = parts.shape[1] // 2
    ns, means, variances = parts.split([1, channels, channels], dim=1)
    total = ns.sum(0)
    mean = (ns * means).sum(0) / total
    return total, mean, (ns * (variances + (means - mean).square())).sum(0) / total


def adapt_norms(model: nn.Module) -> None:
    """Make every `torch.nn.BatchNorm2d` in `model` one of ours, in place."""
    for module in model.modules():
        if type(module) is nn.BatchNorm2d:
            # Ours has the same attributes and buffers: only the forward pass changes.
            module.__class__ = BatchNorm2d
