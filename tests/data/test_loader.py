"""Batches: their order, where they start, how ranks share them, and their values."""

import numpy as np
import pytest
import torch

from project.data import Batch, Block, Loader, Resident, Subset, _loader

N = 50
MEAN, STD = (0.4, 0.6), (0.2, 0.3)


@pytest.fixture(scope="module")
def subset() -> Subset:
    """50 of 80 images `(2, 5, 4)`, in no particular order."""
    source = torch.Generator().manual_seed(1)
    images = torch.randint(0, 256, (80, 2, 5, 4), generator=source, dtype=torch.uint8)
    indices = torch.randperm(80, generator=source)[:N]
    return Subset(Resident(images, torch.arange(80) % 7), indices)


def make(subset: Subset, training: bool = True, **settings: object) -> Loader:
    settings = {"batch_size": 8, "seed": 3, **settings}
    return Loader(subset, MEAN, STD, training=training, shuffle=training, **settings)


def batches(blocks: Loader | list[Block]) -> list[tuple[Batch, list[int]]]:
    return [(batch, block.indices(i)) for block in blocks for i, batch in enumerate(block)]


def order(loader: Loader, epoch: int = 0) -> list[int]:
    loader.seek(epoch)
    return [index for _, indices in batches(loader) for index in indices]


def assert_same(actual: list[tuple[Batch, list[int]]], expected: list[tuple[Batch, list[int]]]):
    assert len(actual) == len(expected)
    for (a, a_indices), (b, b_indices) in zip(actual, expected, strict=True):
        assert torch.equal(a.inputs, b.inputs) and torch.equal(a.targets, b.targets)
        assert a.size == b.size and a_indices == b_indices


def test_training_order_is_a_function_of_seed_and_epoch(subset: Subset) -> None:
    first = order(make(subset), epoch=0)
    assert sorted(first) == sorted(subset.indices.tolist())
    assert first == order(make(subset), epoch=0) == order(make(subset, batch_size=5), epoch=0)
    assert first != order(make(subset), epoch=1)
    assert first != order(make(subset, seed=4), epoch=0)


def test_an_epoch_can_be_iterated_again(subset: Subset) -> None:
    """Lightning makes an iterator, drops it and makes another: both must hold the same epoch."""
    loader = make(subset)
    for epoch in range(3):
        loader.seek(epoch)
        iter(loader)
        blocks = list(loader)
        assert {block.epoch for block in blocks} == {epoch}
        assert [i for _, s in batches(blocks) for i in s] == order(make(subset), epoch)


def test_evaluation_goes_through_the_indices_once(subset: Subset) -> None:
    loader = make(subset, training=False)
    assert order(loader, 0) == order(loader, 5) == subset.indices.tolist()
    # 50 = 6 * 8 + 2
    assert loader.steps == 7
    assert [batch.size for batch, _ in batches(loader)] == [8] * 6 + [2]


def test_batches_are_the_normalised_images(subset: Subset) -> None:
    images, targets = subset.samples.images.numpy(), subset.samples.targets.values.numpy()
    mean, std = (np.array(v).reshape(1, 2, 1, 1) for v in (MEAN, STD))
    for batch, indices in batches(make(subset)):
        expected = (images[indices].astype(np.float64) / 255 - mean) / std
        assert batch.inputs.dtype == torch.float32 and batch.targets.dtype == torch.int64
        np.testing.assert_allclose(batch.inputs.numpy(), expected, rtol=0, atol=1e-6)
        assert batch.targets.tolist() == targets[indices].tolist()


@pytest.mark.parametrize("world_size", [1, 3])
@pytest.mark.parametrize("block_batches", [1, 3, 16])
def test_a_seek_continues_bit_for_bit(
    subset: Subset, block_batches: int, world_size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ranks = {"rank": world_size - 1, "world_size": world_size, "augmentations": ("flip", "crop")}
    whole = make(subset, **ranks)
    whole.seek(2)
    expected = batches(whole)
    monkeypatch.setattr(_loader, "BLOCK_BATCHES", block_batches)
    for step in range(whole.steps):
        loader = make(subset, **ranks)
        loader.seek(2, step)
        blocks = list(loader)
        assert_same(batches(blocks), expected[step:])
        # Blocks end at multiples of their length, wherever they start.
        starts = [step] + [s for s in range(step + 1, whole.steps) if s % block_batches == 0]
        assert [block.first_step for block in blocks] == starts


def test_a_seek_past_the_end_yields_one_empty_block(subset: Subset) -> None:
    loader = make(subset)
    for step in (loader.steps, loader.steps + 5):
        loader.seek(4, step)
        (block,) = loader
        assert (len(block), block.epoch, block.first_step) == (0, 4, step)
        assert list(block) == []


def test_block_length_is_bounded_in_batches_and_bytes(subset: Subset) -> None:
    # One batch of 8 images (2, 5, 4) is 320 bytes: the bound is 32 batches.
    assert [len(block) for block in make(subset, batch_size=1)] == [32, 18]
    # 4 images of 1 MiB are 4 MiB, and fill a block; a larger batch is still a block.
    large = Subset(
        Resident(torch.zeros(12, 1, 1024, 1024).byte(), torch.zeros(12).long()), torch.arange(12)
    )
    for batch_size, expected in ((1, [4, 4, 4]), (2, [2, 2, 2]), (6, [1, 1])):
        loader = Loader(large, (0.0,), (1.0,), batch_size=batch_size)
        assert [len(block) for block in loader] == expected


@pytest.mark.parametrize("at_once", [1, 3, 7])
def test_normalising_in_pieces_changes_nothing(
    subset: Subset, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    whole = batches(make(subset, augmentations=("flip",)))
    # 8 images (2, 5, 4) of float32
    monkeypatch.setattr(_loader, "INPUT_BYTES", at_once * 8 * 40 * 4)
    loader = make(subset, augmentations=("flip",))
    assert loader._at_once == at_once
    assert_same(batches(loader), whole)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("world_size", [1, 2, 3])
def test_ranks_share_each_batch(subset: Subset, training: bool, world_size: int) -> None:
    names = ("flip", "crop") if training else ()
    single = batches(make(subset, training, augmentations=names))
    if training and world_size == 3:
        single = single[:-1]  # the last batch has 50 - 6 * 8 = 2 samples
    ranks = [
        list(make(subset, training, augmentations=names, rank=rank, world_size=world_size))
        for rank in range(world_size)
    ]
    # In evaluation too, all ranks see the same number of blocks.
    assert len({len(blocks) for blocks in ranks}) == 1
    shares = [
        {
            block.first_step + i: (batch, block.indices(i))
            for block in blocks
            for i, batch in enumerate(block)
        }
        for blocks in ranks
    ]
    for step, (expected, indices) in enumerate(single):
        parts = [share[step] for share in shares if step in share]
        sizes = [len(batch.targets) for batch, _ in parts]
        assert torch.equal(torch.cat([batch.inputs for batch, _ in parts]), expected.inputs)
        assert torch.equal(torch.cat([batch.targets for batch, _ in parts]), expected.targets)
        assert sum((part for _, part in parts), []) == indices
        assert {batch.size for batch, _ in parts} == {sum(sizes)}
        assert max(sizes) - min(sizes) <= 1
        assert len(parts) == world_size or not training
    assert {step for share in shares for step in share} == set(range(len(single)))


def test_a_rank_without_samples_gets_an_empty_block(subset: Subset) -> None:
    two = Subset(subset.samples, subset.indices[:2])
    loaders = [make(two, False, rank=rank, world_size=3) for rank in range(3)]
    assert [[len(block) for block in loader] for loader in loaders] == [[0], [1], [1]]


def test_more_ranks_than_samples_is_refused(subset: Subset) -> None:
    with pytest.raises(ValueError, match="--batch-size 2 is less than the 3 devices"):
        make(subset, batch_size=2, world_size=3)
    two = Subset(subset.samples, subset.indices[:2])
    with pytest.raises(ValueError, match="training split of 2 samples is too small for 3 devices"):
        make(two, world_size=3)


def test_limit_bounds_the_batches_of_an_epoch(subset: Subset) -> None:
    for training in (True, False):
        loader = make(subset, training, limit=2)
        assert loader.steps == 2
        assert [batch.size for batch, _ in batches(loader)] == [8, 8]
        assert order(loader) == order(make(subset, training))[:16]


def test_loading_draws_nothing_from_the_global_generator(subset: Subset) -> None:
    before = torch.get_rng_state()
    list(make(subset, augmentations=("flip", "crop")))
    assert torch.equal(torch.get_rng_state(), before)
