"""Batches on the device, several gathered at once, in an order that only seed and epoch decide."""

import math
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from project.data._augment import Geometry, draw
from project.data._block import Block
from project.data._drawing import balanced, grouped, repetitions
from project.data._schedule import Schedule
from project.data._sequence import Order
from project.data.normalisation import Normalisation
from project.data.order import generator, permutation
from project.data.ragged import Ragged
from project.data.samples import Subset
from project.values import Batch, Tree, split

if TYPE_CHECKING:  # runs without a recipe need not pay for it
    from project.data._changing import Augmented, Drawn

BLOCK_BATCHES = 32
BLOCK_BYTES = 4 * 2**20
# What a CPU normalises at once: it is in the processor's caches when the model reads it.
INPUT_BYTES = 2**20


class Loader:
    """Blocks of one split's batches, for one rank, of the epoch that `seek` names; 0 at first.

    It has no length on purpose: after a resume, an epoch is shorter than others.

    Args:
        subset: the split.
        mean: per channel, in units of the pixel value / 255; of the value itself for float32.
        std: likewise.
        batch_size: samples of a batch over all ranks; in evaluation, pictures of many sizes come
            one by one, whatever it is.
        seed: of the order, the augmentation and the crops.
        training: whether a last batch with fewer samples than ranks is skipped and `augmentations`
            apply.
        shuffle: whether each epoch has its own random order; else that of the indices.
        drawn: the class by which each sample is drawn, see `balanced`; None: all once an epoch.
        per_class: with `drawn`, samples of a class that stand together in a batch, see `grouped`;
            0: any.
        augmentations: see `Geometry`; for training only.
        augmented: what a recipe does, likewise.
        limit: batches per epoch, at most; None: all.
        rank: of this process.
        world_size: number of processes, each of which gets a contiguous part of each batch.
        leaked: samples that batches mark as leaks, as indices into the data set's.

    Attributes:
        steps: batches of a full epoch.

    Raises:
        ValueError: there are fewer samples, in a batch or in the training split, than ranks.
    """

    def __init__(
        self,
        subset: Subset,
        mean: Sequence[float],
        std: Sequence[float],
        *,
        batch_size: int,
        seed: int = 0,
        training: bool = False,
        shuffle: bool = False,
        drawn: Tensor | None = None,
        per_class: int = 0,
        augmentations: Sequence[str] = (),
        augmented: "Augmented | None" = None,
        limit: int | None = None,
        rank: int = 0,
        world_size: int = 1,
        leaked: Sequence[int] = (),
    ) -> None:
        assert training or not (shuffle or augmentations or augmented)
        self._subset, self._seed, self._shuffle = subset, seed, shuffle
        self._drawn, self._per_class, self._batch_size = drawn, per_class, batch_size
        self._augmentations, self._augmented = tuple(augmentations), augmented
        # Crops of pictures of many sizes are trained on; whole ones come one by one.
        self._crops = training and isinstance(subset.samples, Ragged)
        n, block_steps = len(subset), _block_steps(subset, batch_size)
        if per_class:
            n = max(1, n // batch_size) * batch_size  # whole batches alone
        if isinstance(subset.samples, Ragged) and not training:
            n, limit = min(n, limit or n), None
            batch_size, block_steps = world_size, 1
        self._schedule = Schedule(
            n,
            batch_size,
            block_steps,
            training=training,
            limit=limit,
            rank=rank,
            world_size=world_size,
        )
        self.steps = len(self._schedule.sizes)
        device = subset.samples.device
        self._normalised = Normalisation(mean, std, subset.samples.dtype, device)
        # A GPU has no such caches; each operation it is given costs more than it does.
        at_once = INPUT_BYTES // (batch_size * math.prod(subset.samples.shape) * 4)
        self._at_once = max(1, at_once) if device.type == "cpu" else BLOCK_BATCHES
        self._leaked: Tensor | None = None
        if leaked:
            self._leaked = torch.zeros(len(subset.samples), dtype=torch.bool)
            self._leaked[list(leaked)] = True
        self._position = (0, 0)

    def seek(self, epoch: int, step: int = 0) -> None:
        """Let iterations start at `step` of `epoch`; past its end, they hold an empty block."""
        assert epoch >= 0 and step >= 0
        self._position = (epoch, step)

    def __iter__(self) -> Iterator[Block]:
        # It does not go to the next epoch by itself: Lightning makes more iterators than it uses.
        return self._blocks(*self._position)

    def _blocks(self, epoch: int, step: int) -> Iterator[Block]:
        blocks, offsets = self._schedule.blocks(step), self._schedule.offsets
        if not blocks:
            yield Block(epoch, step, torch.empty(0, dtype=torch.int64), (), partial(iter, ()))
            return
        start = offsets[step]
        order = self._order(epoch).after(start)
        sizes = [offsets[end] - offsets[first] for first, end in blocks]
        # The stream comes first, so that it is exhausted and its workers end.
        arriving = zip(self._stream(epoch, start, order, sizes), order.pieces(sizes), strict=True)
        for ((images, targets), mine), (first, end) in zip(arriving, blocks, strict=True):
            steps, indices = slice(first, end), mine.indices
            if self._augmentations:
                images, targets = self._moved(images, targets, self._draws(epoch, steps))
            # A rank may have no sample of the last batch.
            counts = [count for count in self._schedule.counts[steps] if count]
            drawn = self._augmented and self._augmented.drawn(epoch, *mine)
            of_block = images, targets, indices, counts, self._schedule.sizes[steps], drawn
            leaked = None
            if self._leaked is not None:
                leaked = self._leaked[indices].to(images.device).split(counts)
            yield Block(epoch, first, indices, counts, partial(self._batches, *of_block), leaked)

    def _order(self, epoch: int) -> Order:
        """This rank's samples of a whole epoch."""
        places = self._schedule.positions
        again = torch.zeros_like(places)
        if self._drawn is not None:
            every = self._picked(self._drawn, epoch)
            places, again = every[places], repetitions(every)[places]
        elif self._shuffle:
            places = permutation(len(self._subset), self._seed, "order", epoch)[places]
        partners = self._augmented.partners(places, epoch) if self._augmented else None
        return Order(self._subset.indices[places], again, partners)

    def _picked(self, drawn: Tensor, epoch: int) -> Tensor:
        """The places of an epoch, on all ranks, whose samples are drawn by their class."""
        if self._per_class:
            of_batch = self._per_class, self._batch_size // self._per_class
            return grouped(drawn, *of_batch, self._seed, epoch)
        return balanced(drawn, self._seed, epoch)

    def _stream(
        self, epoch: int, start: int, order: Order, sizes: list[int]
    ) -> Iterator[tuple[Tensor, Tree]]:
        """Images and targets of this rank's samples from its `start`-th on, in pieces."""
        samples = self._subset.samples
        if not self._crops:
            return samples.stream(*order.fetched(sizes))
        # Of each place in the epoch's order, whatever the batches, ranks and blocks.
        source = generator(self._seed, "crop", epoch)
        draws = torch.randint(0, 2**31, (len(self._subset), 2), generator=source)
        return samples.crops(order.indices, sizes, draws[self._schedule.positions][start:])

    def _moved(self, images: Tensor, targets: Tree, draws: Tensor) -> tuple[Tensor, Tree]:
        """Images and what is true of them, moved by one geometry."""
        move = Geometry(draws, self._augmentations, *images.shape[2:])
        return move(images), self._subset.samples.targets.moved(targets, move)

    def _batches(
        self,
        images: Tensor,
        targets: Tree,
        indices: Tensor,
        counts: list[int],
        sizes: Sequence[int],
        drawn: "Drawn | None",
    ) -> Iterator[Batch]:
        ready = self._subset.samples.targets.ready
        pieces = [counts[i:][: self._at_once] for i in range(0, len(counts), self._at_once)]
        ends = [sum(piece) for piece in pieces]
        if self._augmented is not None and drawn is not None:
            parts = self._augmented.pieces(images, targets, ends, drawn)
        else:
            parts = zip(split(images, ends), split(targets, ends), strict=True)
        size, index = iter(sizes), iter(indices.split(counts))
        for (some, truth), piece in zip(parts, pieces, strict=True):
            inputs = self._normalised(some).split(piece)
            yield from map(Batch, inputs, split(ready(truth), piece), size, index)

    def _draws(self, epoch: int, steps: slice) -> Tensor:
        """Random numbers of a block; drawn for whole batches, so that ranks do not change them."""
        share = self._schedule.share
        sizes = enumerate(self._schedule.sizes[steps], start=steps.start)
        draws = torch.cat([draw(self._seed, epoch, i, size)[share(size)] for i, size in sizes])
        device = self._subset.samples.device
        # A copy from memory that is not pinned would wait for the device.
        return draws.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else draws


def _block_steps(subset: Subset, batch_size: int) -> int:
    """Batches per block; of whole batches, so that it is the same for any number of ranks."""
    if not subset.samples.resident:
        return 1
    batch_bytes = batch_size * math.prod(subset.samples.shape) * subset.samples.dtype.itemsize
    return max(1, min(BLOCK_BATCHES, BLOCK_BYTES // batch_bytes))
