"""The parameter counts."""

from torch import nn

from project.models import n_parameters, n_trainable


def test_parameters_are_counted_once_and_frozen_ones_apart() -> None:
    body = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    model = nn.Sequential(body, nn.Linear(144, 2))
    # Convolution 3 x 4 x 9 + 4, norm 2 x 4, linear 144 x 2 + 2.
    assert n_parameters(model) == n_trainable(model) == 112 + 8 + 290
    body.requires_grad_(False)
    assert n_trainable(model) == 290
    tied = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    tied[1].weight = tied[0].weight
    assert n_parameters(tied) == 9 + 3 + 3
