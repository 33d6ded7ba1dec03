"""The limit: a plain PyTorch loop over tensors in memory, batches by index, nothing recorded."""

import time
from collections.abc import Sequence
from statistics import median
from tempfile import TemporaryFile
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim import AdamW
from torch.optim.lr_scheduler import OneCycleLR

from benchmarks.peers._task import task


def train(
    flags: Sequence[str],
    evaluated: bool = False,
    rest: float = 0.0,
    busy: bool = False,
    channels_last: bool = False,
) -> float:
    """Samples a second in the median epoch; the loss is read once per epoch.

    Args:
        flags: of the project; the optimizer and the schedule are those of its defaults.
        evaluated: whether each epoch is followed, outside of what is timed, by an evaluation and a
            checkpoint, which leave other things in the processor's caches.
        rest: seconds after each epoch, outside of what is timed, in which nothing is done, so that
            threads and cores go to sleep.
        busy: whether all threads multiply matrices in these seconds instead.
        channels_last: whether weights and images lie so in memory, as in the project.
    """
    given = task(flags)
    hparams, model = given.hparams, laid(given.model(), channels_last)
    inputs = laid(given.normalised(given.splits["train"][0]), channels_last)
    targets = given.splits["train"][1]
    optimizer = AdamW(model.parameters(), lr=hparams.learning_rate, fused=True)
    n = given.trained
    steps = hparams.max_epochs * -(-n // hparams.batch_size)
    schedule = OneCycleLR(optimizer, hparams.learning_rate, steps + 1)
    held_out = given.normalised(given.splits["val"][0])
    speeds = []
    for _ in range(hparams.max_epochs):
        began = time.perf_counter()
        for batch in torch.randperm(len(targets))[:n].split(hparams.batch_size):
            optimizer.zero_grad()
            loss = cross_entropy(model(inputs[batch]), targets[batch])
            loss.backward()
            optimizer.step()
            schedule.step()
        loss.item()
        speeds.append(n / (time.perf_counter() - began))
        if evaluated:
            predict(model, held_out, hparams.batch_size)
            torch.save([model.state_dict(), optimizer.state_dict()], TemporaryFile())
        _multiply(rest) if busy else time.sleep(rest)
    return median(speeds)


def learned(flags: Sequence[str]) -> float:
    """The mean IoU on the test split after the last epoch, of the classes that occur there."""
    given = task(flags)
    hparams, (images, targets) = given.hparams, given.splits["train"]
    torch.manual_seed(hparams.seed)
    model, inputs = given.model(), given.normalised(images)
    steps = hparams.max_epochs * -(-len(targets) // hparams.batch_size)
    optimizer = AdamW(model.parameters(), lr=hparams.learning_rate)
    schedule = OneCycleLR(optimizer, hparams.learning_rate, steps + 1)
    for _ in range(hparams.max_epochs):
        for batch in torch.randperm(len(targets)).split(hparams.batch_size):
            optimizer.zero_grad()
            cross_entropy(model(inputs[batch]), targets[batch], ignore_index=255).backward()
            optimizer.step()
            schedule.step()
    images, targets = given.splits["test"]
    preds = predict(model, given.normalised(images), hparams.batch_size)
    counted = targets != 255
    preds, targets = preds[counted], targets[counted]
    found = [(preds == c, targets == c) for c in targets.unique()]
    return float(torch.stack([(p & t).sum() / (p | t).sum() for p, t in found]).mean())


def _multiply(seconds: float) -> None:
    matrix, end = torch.ones(256, 256), time.perf_counter() + seconds
    while time.perf_counter() < end:
        torch.mm(matrix, matrix)


def laid(what: Any, channels_last: bool) -> Any:
    """A model, or images, in the layout asked for."""
    return what.to(memory_format=torch.channels_last) if channels_last else what


def predict(model: nn.Module, inputs: Tensor, batch_size: int) -> Tensor:
    """The class of each of the inputs, `(n,)` int64, or of each pixel, `(n, H, W)`."""
    model.eval()
    with torch.inference_mode():
        preds = torch.cat([model(batch).argmax(1) for batch in inputs.split(batch_size)])
    model.train()
    return preds


def test(flags: Sequence[str], channels_last: bool = False) -> float:
    """Seconds for the forward pass and the argmax over the test split, and the accuracy."""
    given = task(flags)
    model = laid(given.model(), channels_last)
    inputs = laid(given.normalised(given.splits["test"][0]), channels_last)
    targets = given.splits["test"][1]
    began = time.perf_counter()
    (predict(model, inputs, given.hparams.batch_size) == targets).sum().item()
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
