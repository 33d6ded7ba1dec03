"""A script that trains the digits for one step with plain PyTorch, then prints the time."""

import time

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn.functional import cross_entropy


def block(channels: int, width: int) -> list[nn.Module]:
    """Two convolutions and a pooling, as the project's default model has them."""
    layers: list[nn.Module] = []
    for inputs in (channels, width):
        layers += [
            nn.Conv2d(inputs, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.GELU(),
        ]
    return [*layers, nn.AvgPool2d(2)]


def main() -> None:
    """The first batch of 128."""
    images, targets = map(torch.from_numpy, load_digits(return_X_y=True))
    images = images.float().view(-1, 1, 8, 8) / 16
    images = (images - images.mean()) / images.std()
    model = nn.Sequential(
        *block(1, 32),
        *block(32, 64),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(64, 128),
        nn.GELU(),
        nn.Dropout(0.1),
        nn.Linear(128, 10),
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True)
    batch = torch.randperm(len(targets))[:128]
    loss = cross_entropy(model(images[batch]), targets[batch])
    loss.backward()
    optimizer.step()
    loss.item()
    print(f"step done: {time.time()}")


if __name__ == "__main__":
    main()
