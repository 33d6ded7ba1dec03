"""A model as training takes it: its layout in memory, and batch norms that see all processes."""

import torch
from torch import nn

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
