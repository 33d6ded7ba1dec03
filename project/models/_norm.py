"""Batch normalisation that also trains on a batch of one sample."""

from torch import Tensor, nn
from torch.nn.functional import batch_norm


class BatchNorm2d(nn.BatchNorm2d):
    """`torch.nn.BatchNorm2d`, but a single value per channel is scaled by the running statistics.

    One value has no variance, and torch raises an error; yet the last batch of an epoch, or a
    device's share of it, may be one sample, and a deep network's last feature maps one pixel.
    """

    def forward(self, input: Tensor) -> Tensor:
        if not self.training or input.numel() > self.num_features:
            return super().forward(input)
        return batch_norm(
            input, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps
        )


def allow_single_samples(model: nn.Module) -> None:
    """Make every `torch.nn.BatchNorm2d` in `model` one of ours, in place."""
    for module in model.modules():
        if type(module) is nn.BatchNorm2d:
            # Ours has the same attributes and buffers: only the forward pass changes.
            module.__class__ = BatchNorm2d
