"""A plain PyTorch script of a whole run: trains, evaluates each epoch, saves the best, tests it.

Data, splits' sizes, model, epochs and batches are those of the project's defaults.
"""

from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from benchmarks.peers.raw_script import BATCH, cnn, load

TESTED, HELD_OUT = 0.2, 0.1


def score(model: nn.Module, images: Tensor, targets: Tensor) -> tuple[float, float]:
    """Loss and accuracy over all of them, in batches."""
    model.eval()
    with torch.inference_mode():
        logits = torch.cat([model(batch.float() / 255) for batch in images.split(BATCH)])
    model.train()
    right = (logits.argmax(1) == targets).float().mean().item()
    return cross_entropy(logits, targets).item(), right


def run(epochs: int, weights: Path) -> None:
    """Train, keeping the best weights in a file; test these and print how good they are."""
    images, targets = load("digits")
    sizes = [int(len(targets) * share) for share in (TESTED, HELD_OUT)]
    test, val, train = torch.randperm(len(targets)).split([*sizes, len(targets) - sum(sizes)])
    model, best = cnn(), float("inf")
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True)
    for epoch in range(epochs):
        for batch in train[torch.randperm(len(train))].split(BATCH):
            optimizer.zero_grad()
            loss = cross_entropy(model(images[batch].float() / 255), targets[batch])
            loss.backward()
            optimizer.step()
        loss, right = score(model, images[val], targets[val])
        print(f"epoch {epoch + 1}: loss {loss:.4f}, accuracy {right:.4f}", flush=True)
        if loss < best:
            best = loss
            torch.save(model.state_dict(), weights)
    model.load_state_dict(torch.load(weights, weights_only=True))
    loss, right = score(model, images[test], targets[test])
    print(f"test: loss {loss:.4f}, accuracy {right:.4f}", flush=True)


if __name__ == "__main__":
    parser = ArgumentParser()
    parser.add_argument("--epochs", type=int, default=30)
    with TemporaryDirectory() as folder:
        run(parser.parse_args().epochs, Path(folder, "best.pt"))
