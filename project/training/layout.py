"""A model as training takes it: its layout in memory, and batch norms that see all processes."""

import torch
from torch import Tensor, nn

from project.hyperparameters import Hyperparameters
from project.processes.normalisation import adapt_norms


def make_ready(model: nn.Module, device: torch.device, hparams: Hyperparameters) -> None:
    """Let the model be trained on `device` as the flags ask, in place; its weights stay."""
    adapt_norms(model)
    model.to(device)
    if device.type == "cpu" or (device.type == "cuda" and hparams.precision != "32"):
        # The layout in which CPUs and tensor cores take convolutions; others are converted at each
        # layer, or computed more slowly.
        model.to(memory_format=torch.channels_last)
    if device.type == "cpu":
        _keep_from_onednn_6035(model)


def _keep_from_onednn_6035(model: nn.Module) -> None:
    """Let no strided 1 x 1 convolution of few channels be computed in channels last.

    In its backward pass the oneDNN 3.12 of torch 2.14 writes past its own memory, and mostly the
    process dies: https://github.com/uxlfoundation/oneDNN/issues/6035. To be deleted with its tests
    once each torch that `requirements.txt` allows has that mended.
    """
    for module in model.modules():
        if _is_struck(module):
            module.to(memory_format=torch.contiguous_format)
            module.register_forward_pre_hook(_in_rows)


def _is_struck(module: nn.Module) -> bool:
    if not isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)) or module.groups > 1:
        return False
    strided = module.kernel_size == (1, 1) and module.stride != (1, 1)
    # What is a convolution's input is the output of a transposed one.
    narrow = module.out_channels if module.transposed else module.in_channels
    return strided and narrow < _vector()


def _vector() -> int:
    """How many numbers of float32 this CPU computes at once, as far as oneDNN counts them."""
    has = torch.cpu.get_capabilities()
    return 16 if has.get("avx512_f") else 8


def _in_rows(_: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """A copy in any case: of a single channel, both layouts are contiguous to torch."""
    return tuple(x.clone(memory_format=torch.contiguous_format) for x in inputs)
