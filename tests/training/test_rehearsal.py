"""The rehearsal of a model and a loss: it shows the layers, and leaves no trace."""

from contextlib import nullcontext
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from project.models import Layers
from project.tasks.classification import Classification
from project.training.rehearsal import Rehearsal


class Small(nn.Module):
    """With all that a forward pass may change: a norm's statistics, a buffer, a count, a weight."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
        self.head = nn.Sequential(nn.Flatten(), nn.Dropout(), nn.Sequential(nn.Linear(144, 2)))
        self.register_buffer("seen", torch.zeros(1))
        self.register_buffer("ids", torch.arange(2.0).expand(3, 2))  # which can't be written to
        self.calls = 0

    def forward(self, inputs: Tensor) -> Tensor:
        self.calls += 1
        self.seen = self.seen + len(inputs)
        self.body[0].bias.data += torch.rand(4)
        return self.head(self.body(inputs))


def rehearse(model: nn.Module, training: bool = True) -> Layers:
    layers = Layers(model)
    loss = partial(F.cross_entropy, reduction="none")
    cpu = torch.device("cpu")
    task = Classification((3, 8, 8), ("a", "b"))
    parts = {"cross-entropy": loss}
    rehearsal = Rehearsal(model, loss, parts, "cnn", task, cpu, nullcontext)
    assert rehearsal(training, layers) == ()
    return layers


def test_the_table_shows_layers_shapes_and_parameters() -> None:
    expected = """\
layer   type         output shape  parameters
body.0  Conv2d       4x6x6                112
body.1  BatchNorm2d  4x6x6                  8
head.0  Flatten      144                    0
head.1  Dropout      144                    0
head.2  Sequential   2                    290
410 parameters, 410 trainable"""
    assert rehearse(Small()).table() == expected


def test_it_leaves_no_trace() -> None:
    model = Small()
    model.body.eval()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    buffers, random_state = dict(model.named_buffers()), torch.get_rng_state()
    rehearse(model)
    assert torch.equal(torch.get_rng_state(), random_state)
    assert all(torch.equal(before[key], value) for key, value in model.state_dict().items())
    assert all(value is buffers[key] for key, value in model.named_buffers())
    assert model.training and model.head.training and not model.body.training and not model.calls
    assert not any(module._forward_hooks for module in model.modules())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_a_frozen_model_can_be_tested() -> None:
    rehearse(Small().requires_grad_(False), training=False)
