"""The layer summary and the parameter counts."""

import torch
from torch import nn

from project.models import n_parameters, n_trainable, summary


class Small(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
        self.head = nn.Sequential(nn.Flatten(), nn.Dropout(), nn.Sequential(nn.Linear(144, 2)))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return self.head(self.body(inputs))


def test_parameters_are_counted_once_and_frozen_ones_apart() -> None:
    model = Small()
    # Convolution 3 x 4 x 9 + 4, norm 2 x 4, linear 144 x 2 + 2.
    assert n_parameters(model) == n_trainable(model) == 112 + 8 + 290
    model.body.requires_grad_(False)
    assert n_trainable(model) == 290
    tied = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    tied[1].weight = tied[0].weight
    assert n_parameters(tied) == 9 + 3 + 3


def test_the_table_shows_layers_shapes_and_parameters() -> None:
    expected = """\
layer   type         output shape  parameters
body.0  Conv2d       4x6x6                112
body.1  BatchNorm2d  4x6x6                  8
head.0  Flatten      144                    0
head.1  Dropout      144                    0
head.2  Sequential   2                    290
410 parameters, 410 trainable"""
    assert summary(Small(), (3, 8, 8)) == expected


def test_the_summary_leaves_no_trace() -> None:
    model = Small()
    model.body.eval()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    random_state = torch.get_rng_state()
    summary(model, (3, 8, 8))
    assert torch.equal(torch.get_rng_state(), random_state)
    assert all(torch.equal(before[key], value) for key, value in model.state_dict().items())
    assert model.training and model.head.training and not model.body.training
    assert not any(module._forward_hooks for module in model.modules())
