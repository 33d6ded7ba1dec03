"""The limit: a plain PyTorch loop over tensors in memory, batches by index, nothing recorded."""

import time
from collections.abc import Sequence
from statistics import median

import torch
from torch.nn.functional import cross_entropy
from torch.optim import AdamW
from torch.optim.lr_scheduler import OneCycleLR

from benchmarks.peers._task import task


def train(flags: Sequence[str], scheduled: bool = True) -> float:
    """Samples a second in the median epoch; the loss is read once per epoch.

    Args:
        flags: of the project; the optimizer and the schedule are those of its defaults.
        scheduled: whether the learning rate has a schedule.
    """
    given = task(flags)
    hparams, model = given.hparams, given.model()
    inputs, targets = given.normalised(given.splits["train"][0]), given.splits["train"][1]
    optimizer = AdamW(model.parameters(), lr=hparams.learning_rate, fused=True)
    n = given.trained
    steps = hparams.max_epochs * -(-n // hparams.batch_size)
    schedule = OneCycleLR(optimizer, hparams.learning_rate, steps + 1) if scheduled else None
    speeds = []
    for _ in range(hparams.max_epochs):
        began = time.perf_counter()
        for batch in torch.randperm(len(targets))[:n].split(hparams.batch_size):
            optimizer.zero_grad()
            loss = cross_entropy(model(inputs[batch]), targets[batch])
            loss.backward()
            optimizer.step()
            if schedule is not None:
                schedule.step()
        loss.item()
        speeds.append(n / (time.perf_counter() - began))
    return median(speeds)


def test(flags: Sequence[str]) -> float:
    """Seconds for the forward pass and the argmax over the test split, and the accuracy."""
    given = task(flags)
    model = given.model().eval()
    inputs, targets = given.normalised(given.splits["test"][0]), given.splits["test"][1]
    began = time.perf_counter()
    with torch.inference_mode():
        batches = inputs.split(given.hparams.batch_size)
        preds = torch.cat([model(batch).argmax(1) for batch in batches])
        (preds == targets).sum().item()
    return time.perf_counter() - began


def copy(flags: Sequence[str]) -> tuple[float, float]:
    """Seconds to copy the model's weights to memory that is there already, given twice."""
    weights = list(task(flags).model().state_dict().values())
    buffers = [weight.clone() for weight in weights]
    times = []
    for _ in range(9):
        began = time.perf_counter()
        for buffer, weight in zip(buffers, weights, strict=True):
            buffer.copy_(weight)
        times.append(time.perf_counter() - began)
    return median(times), median(times)
