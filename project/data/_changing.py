"""Training images as a recipe changes them: which random numbers and partners are whose."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from project.data.order import permutation
from project.data.samples import Subset
from project.data.targets import Labels
from project.recipes.augmenting import Augmentation, Part
from project.recipes.draws import Draws
from project.values import Tree, mapped, split


class Drawn(NamedTuple):
    """The random numbers of a block's samples, and of their partners; None: there are none."""

    own: Draws
    partners: Draws | None


class Augmented:
    """A recipe's augmentation of one split.

    Args:
        augmentation: of the recipe.
        subset: the split.
        n_classes: of its labels.
        seed: of the run.
    """

    def __init__(
        self, augmentation: Augmentation, subset: Subset, n_classes: int, seed: int
    ) -> None:
        self._augmentation, self._subset = augmentation, subset
        self._n_classes, self._seed = n_classes, seed
        self._is_followed = subset.kind != Labels.kind

    def partners(self, places: Tensor, epoch: int) -> Tensor | None:
        """Of samples at places `(n,)` int64 of the split those that each may be mixed with.

        `(n,)` int64 indices into the data set: a permutation of seed and epoch. None: nothing is
        mixed.
        """
        if not self._augmentation.mixes:
            return None
        order = permutation(len(self._subset), self._seed, "partners", epoch)
        return self._subset.indices[order[places]]

    def drawn(self, epoch: int, own: Tensor, again: Tensor, partners: Tensor | None) -> Drawn:
        """Random numbers of a block; arguments are indices, as of `Draws.of`."""
        numbers = self._augmentation.draws(self._seed, epoch, own, again)
        if partners is None:
            return Drawn(numbers, None)
        none = torch.zeros_like(partners)
        return Drawn(numbers, self._augmentation.draws(self._seed, epoch, partners, none))

    def pieces(
        self, images: Tensor, targets: Tree, sizes: Sequence[int], drawn: Drawn
    ) -> Iterator[tuple[Tensor, Tree]]:
        """Consecutive samples, `sizes` many each, changed: float32, and what is true of them.

        Args:
            images: `(b, C, H, W)`; if there are partners, theirs follow after all others.
            targets: likewise.
            sizes: of the pieces, without the partners.
            drawn: of the block.
        """
        device = images.device
        if device.type == "mps":  # which has no numbers of 64 bits, in which places are computed
            images, targets = images.cpu(), mapped(Tensor.cpu, targets)
        at, n = 0, len(sizes)
        every = sizes if drawn.partners is None else (*sizes, *sizes)
        parts = list(zip(split(images, every), split(targets, every), strict=True))
        for i, (some, truth) in enumerate(parts[:n]):
            here = slice(at, at := at + len(some))
            part = Part(some, drawn.own[here])
            if drawn.partners is None:
                changed = self._augmentation(part, None, self._is_followed)
                true = self._subset.samples.targets.moved(truth, changed.move)
            else:
                others, their_truth = parts[n + i]
                changed = self._augmentation(part, Part(others, drawn.partners[here]))
                shares = changed.shares.to(truth.device)
                true = Labels.mixed(truth, their_truth, shares, self._n_classes)
            yield changed.images.to(device), mapped(lambda leaf: leaf.to(device), true)
