"""Orders of an epoch by class: `--sampler balanced`, and `pk`, batches of P classes, K of each."""

from collections.abc import Sequence

import torch
from torch import Tensor

from project.data.order import generator, permutation
from project.data.samples import Subset
from project.data.targets import Labels
from project.words.names import some


def drawn_classes(subset: Subset, n_classes: int) -> Tensor:
    """The class by which each sample is drawn, `(n,)` int64.

    That is its label; of a mask the rarest class that it shows, by all pixels of the split, and the
    most frequent one where all is ignored.
    """
    targets = subset.samples.targets
    if targets.kind == Labels.kind:
        return targets.strata()[subset.indices]
    shown = targets.occurrences(subset.indices)[:, :n_classes]
    total = shown.sum(0)
    rarity = torch.where(shown > 0, total, int(total.max()) + 1)
    return torch.where((shown > 0).any(1), rarity.argmin(1), int(total.argmax()))


def balanced(classes: Tensor, seed: int, epoch: int) -> Tensor:
    """The order of an epoch: `(n,)` int64 positions, a pure function of the arguments.

    Each class that there is has n / (number of these) places, rounded up for a few that change with
    the epoch. Its samples share them: each has either of two consecutive numbers of places.

    Args:
        classes: of each sample, `(n,)` int64.
        seed: of the run.
        epoch: counted from 0.
    """
    n = len(classes)
    shuffled = permutation(n, seed, "balanced", epoch)
    # One class after another; those of a class stay shuffled.
    grouped = shuffled[classes[shuffled].argsort(stable=True)]
    sizes = torch.bincount(classes)
    sizes = sizes[sizes > 0]
    places = torch.full_like(sizes, n // len(sizes))
    places[permutation(len(sizes), seed, "balanced rest", epoch)[: n % len(sizes)]] += 1
    nth = torch.arange(n) - (places.cumsum(0) - places).repeat_interleave(places)
    first = (sizes.cumsum(0) - sizes).repeat_interleave(places)
    picked = grouped[first + nth % sizes.repeat_interleave(places)]
    return picked[permutation(n, seed, "order", epoch)]


def grouped(classes: Tensor, per_class: int, n_classes: int, seed: int, epoch: int) -> Tensor:
    """The order of an epoch whose batches have `per_class` samples of each of `n_classes` classes.

    The classes of a batch are drawn without regard to others. A class goes through its samples in
    an order of the epoch's own, from batch to batch, and begins again behind the last one: none is
    twice in a batch that need not be.

    Args:
        classes: of each sample, `(n,)` int64; at least `n_classes` different ones.
        per_class: samples of a class in a batch, K.
        n_classes: classes in a batch, P.
        seed: of the run.
        epoch: counted from 0.

    Returns:
        `(n_batches * P * K,)` int64 positions, of as many whole batches as n samples fill, at least
        one; those of a class stand side by side. A pure function of the arguments.

    Source: Hermans et al., "In Defense of the Triplet Loss for Person Re-Identification", 2017,
    section 2.
    """
    n, source = len(classes), generator(seed, "classes of batches", epoch)
    shuffled = permutation(n, seed, "pk", epoch)
    by_class = shuffled[classes[shuffled].argsort(stable=True)]
    sizes = torch.bincount(classes)
    sizes = sizes[sizes > 0]
    n_batches = max(1, n // (n_classes * per_class))
    drawn = [torch.randperm(len(sizes), generator=source)[:n_classes] for _ in range(n_batches)]
    chosen = torch.cat(drawn)
    nth = repetitions(chosen)[:, None] * per_class + torch.arange(per_class)
    first = sizes.cumsum(0) - sizes
    return by_class[first[chosen][:, None] + nth % sizes[chosen][:, None]].flatten()


def repetitions(values: Tensor) -> Tensor:
    """How many equal values stand before each, `(n,)` int64."""
    counts = torch.bincount(values)
    within = torch.arange(len(values)) - (counts.cumsum(0) - counts).repeat_interleave(counts)
    return torch.empty_like(values).scatter_(0, values.argsort(stable=True), within)


def check_grouped(classes: Tensor, names: Sequence[str], per_class: int, batch_size: int) -> None:
    """Refuse samples of which no such batches can be made.

    Args:
        classes: of each training sample, `(n,)` int64.
        names: of the classes, by number.
        per_class: samples of a class in a batch.
        batch_size: of all classes together.

    Raises:
        ValueError: a class has a single sample, or there are too few classes.
    """
    sizes = torch.bincount(classes, minlength=len(names)).tolist()
    if alone := [name for name, size in zip(names, sizes, strict=True) if size == 1]:
        raise ValueError(
            f"--sampler pk: {some(alone)} {'have' if len(alone) > 1 else 'has'} 1 training sample,"
            " of which no pair can be made: add samples, or leave the class out of --train-classes"
        )
    n, wanted = sum(size > 0 for size in sizes), batch_size // per_class
    if n < wanted:
        raise ValueError(
            f"--sampler pk: a batch of {batch_size} with --samples-per-class {per_class} has"
            f" {wanted} classes, and {n} train: give --batch-size {n * per_class}, or more samples"
            " per class"
        )
