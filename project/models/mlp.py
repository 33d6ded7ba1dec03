"""A multilayer perceptron on the flattened image."""

from typing import Any

from torch import nn

TASKS = ("classification",)


def build(shape: tuple[int, int, int], n_classes: int, hparams: Any) -> nn.Module:
    """`depth` hidden layers of `hidden_dim` rectified units, each followed by `dropout`.

    Inputs `(batch, channels, height, width)` float32, logits `(batch, n_classes)`.
    """
    channels, height, width = shape
    n_inputs = channels * height * width
    layers: list[nn.Module] = [nn.Flatten()]
    for _ in range(hparams.depth):
        layers += [nn.Linear(n_inputs, hparams.hidden_dim), nn.ReLU(), nn.Dropout(hparams.dropout)]
        n_inputs = hparams.hidden_dim
    return nn.Sequential(*layers, nn.Linear(n_inputs, n_classes))
