"""A plain PyTorch script: trains, evaluates each epoch, saves the best weights."""

import time
from argparse import ArgumentParser, Namespace
from tempfile import TemporaryFile

import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

BATCH = 128


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


def cnn() -> nn.Module:
    """The project's default model."""
    pooled = [*block(1, 32), *block(32, 64), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    return nn.Sequential(
        *pooled, nn.Linear(64, 128), nn.GELU(), nn.Dropout(0.1), nn.Linear(128, 10)
    )


def mlp(n_inputs: int) -> nn.Module:
    """Two hidden layers of 128 units."""
    layers: list[nn.Module] = [nn.Flatten()]
    for inputs in (n_inputs, 128):
        layers += [nn.Linear(inputs, 128), nn.ReLU(), nn.Dropout(0.1)]
    return nn.Sequential(*layers, nn.Linear(128, 10))


def load(name: str) -> tuple[Tensor, Tensor]:
    """Images `(n, 1, H, W)` uint8 and targets `(n,)` int64."""
    if name == "digits":
        images, targets = load_digits(return_X_y=True)
        return torch.from_numpy(images).to(torch.uint8).view(-1, 1, 8, 8), torch.from_numpy(targets)
    return torch.randint(256, (60_000, 1, 28, 28), dtype=torch.uint8), torch.randint(10, (60_000,))


def accuracy(model: nn.Module, images: Tensor, targets: Tensor) -> float:
    """Over all of them, in batches."""
    model.eval()
    with torch.inference_mode():
        preds = torch.cat([model(batch.float() / 255).argmax(1) for batch in images.split(BATCH)])
    model.train()
    return (preds == targets).float().mean().item()


def train(options: Namespace) -> None:
    """A tenth is held out; prints when the first step is done."""
    images, targets = load(options.data)
    model = cnn() if options.model == "cnn" else mlp(images[0].numel())
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True)
    held_out, best, said = len(targets) // 10, 0.0, False
    for _ in range(options.epochs):
        order = torch.randperm(len(targets) - held_out) + held_out
        for batch in order.split(BATCH)[: options.steps]:
            optimizer.zero_grad()
            loss = cross_entropy(model(images[batch].float() / 255), targets[batch])
            loss.backward()
            optimizer.step()
            if not said:
                said = True
                print(f"step done: {time.time()}", loss.item(), flush=True)
        score = accuracy(model, images[:held_out], targets[:held_out])
        if score > best:
            best = score
            with TemporaryFile() as file:
                torch.save(model.state_dict(), file)


if __name__ == "__main__":
    parser = ArgumentParser()
    parser.add_argument("--data", default="digits", choices=("digits", "random"))
    parser.add_argument("--model", default="cnn", choices=("cnn", "mlp"))
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--steps", type=int, help="of an epoch, at most")
    train(parser.parse_args())
