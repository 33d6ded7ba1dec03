"""`--sampler balanced`: an epoch of the usual length in which all classes are equally often."""

import torch
from torch import Tensor

from project.data.order import permutation
from project.data.samples import Subset
from project.data.targets import Labels


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
