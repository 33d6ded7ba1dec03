"""Orders by class: equally often, or grouped; no ranks and no beginnings change them."""

from collections import Counter

import pytest
import torch

from project.data import Loader, Resident, Subset
from project.data._drawing import balanced, check_grouped, drawn_classes, grouped
from project.data.targets import Masks
from project.values import IGNORED

# 70, 20, 0 and 13 samples of four classes.
CLASSES = torch.tensor([0] * 70 + [1] * 20 + [3] * 13)[torch.randperm(103)]


def test_classes_and_the_samples_of_each_are_equally_often() -> None:
    for epoch in range(4):
        order = balanced(CLASSES, 5, epoch)
        assert len(order) == 103 and order.equal(balanced(CLASSES, 5, epoch))
        # 103 places for three classes: 34, and 35 for one of them.
        of_class = Counter(CLASSES[order].tolist())
        assert sorted(of_class.values()) == [34, 34, 35]
        of_sample = torch.bincount(order, minlength=103)
        assert of_sample[CLASSES == 0].max() == 1  # half of the 70
        assert set(of_sample[CLASSES == 1].tolist()) == {1, 2}  # 34 or 35 for 20
        assert set(of_sample[CLASSES == 3].tolist()) == {2, 3}  # 34 or 35 for 13
    assert not balanced(CLASSES, 5, 0).equal(balanced(CLASSES, 5, 1))
    assert not balanced(CLASSES, 5, 0).equal(balanced(CLASSES, 6, 0))
    rest = {max(Counter(CLASSES[balanced(CLASSES, 5, e)].tolist()).items(), key=lambda i: i[1])[0]
            for e in range(20)}  # fmt: skip
    assert rest == {0, 1, 3}


def loaded(
    world_size: int, step: int = 0, batch_size: int = 8, per_class: int = 0
) -> list[list[int]]:
    """The samples of each batch of an epoch over all ranks, from a step on."""
    images = torch.zeros(len(CLASSES), 1, 2, 2, dtype=torch.uint8)
    subset = Subset(Resident(images, CLASSES), torch.arange(1, len(CLASSES)))
    ranks = []
    for rank in range(world_size):
        shared = {"rank": rank, "world_size": world_size, "seed": 3, "batch_size": batch_size}
        shared |= {"per_class": per_class}
        drawn = drawn_classes(subset, 4)
        loader = Loader(subset, [0], [1], training=True, shuffle=True, drawn=drawn, **shared)
        loader.seek(2, step)
        ranks.append([batch.indices.tolist() for block in loader for batch in block])
    return [sum(parts, []) for parts in zip(*ranks, strict=True)]


def test_the_order_is_the_same_for_any_ranks_batches_and_beginnings() -> None:
    expected = sum(loaded(1), [])
    assert len(expected) == 102 and 0 not in expected
    assert sum(loaded(2), []) == sum(loaded(3), []) == sum(loaded(1, batch_size=17), []) == expected
    assert sum(loaded(2, step=5), []) == expected[40:]  # behind five batches of eight


def test_a_mask_goes_by_the_rarest_class_that_it_shows() -> None:
    rows = [
        [0, 0, 0, 0],
        [0, 0, 0, 1],
        [0, 1, 1, 2],
        [2, 1, 0, 0],
        [1, 1, IGNORED, 1],
        [IGNORED] * 4,
    ]
    masks = Masks(torch.tensor(rows, dtype=torch.uint8).view(6, 2, 2))
    samples = Resident(torch.zeros(6, 1, 2, 2, dtype=torch.uint8), masks)
    whole = Subset(samples, torch.arange(6))
    # 10 pixels of class 0, 7 of class 1, 2 of class 2; what shows nothing is of the first.
    assert drawn_classes(whole, 3).tolist() == [0, 1, 2, 2, 1, 0]
    # In the first, second and fifth picture class 0 has 7 pixels and class 1 has 4.
    some = Subset(samples, torch.tensor([4, 0, 1]))
    assert drawn_classes(some, 3).tolist() == [1, 0, 1]


@pytest.mark.parametrize("n_classes", [1, 2])
def test_what_is_balanced_already_has_each_sample_once(n_classes: int) -> None:
    order = balanced(torch.arange(8) % n_classes, 0, 0)
    assert sorted(order.tolist()) == list(range(8))


def test_batches_have_samples_of_so_many_classes_each() -> None:
    """P x K = 2 x 4: all pairs of the classes 0, 1 and 3 come, each with samples of its own."""
    for epoch in range(3):
        order = grouped(CLASSES, 4, 2, 5, epoch)
        # 103 samples fill 12 batches of 8.
        assert len(order) == 96 and order.equal(grouped(CLASSES, 4, 2, 5, epoch))
        for batch in order.split(8):
            assert sorted(Counter(CLASSES[batch].tolist()).values()) == [4, 4]
            assert len(set(batch.tolist())) == 8
        seen = torch.bincount(order, minlength=103)
        for of_class in (0, 1, 3):  # a class goes through its samples before any comes again
            counts = seen[CLASSES == of_class]
            assert counts.max() - counts.min() <= 1
    assert not order.equal(grouped(CLASSES, 4, 2, 5, 3))
    assert not order.equal(grouped(CLASSES, 4, 2, 6, 2))
    # A class with fewer samples than its places has some twice; few samples make one batch.
    few = torch.tensor([0, 0, 1, 1, 1])
    assert Counter(grouped(few, 4, 2, 0, 0).tolist())[4] in (1, 2)
    assert sorted(few[grouped(few, 4, 2, 0, 0)].tolist()) == [0] * 4 + [1] * 4


def test_grouped_batches_are_the_same_for_any_ranks_and_beginnings() -> None:
    together = loaded(1, per_class=4)
    assert [len(batch) for batch in together] == [8] * 12
    assert loaded(2, per_class=4) == loaded(3, per_class=4) == together
    assert loaded(3, step=5, per_class=4) == together[5:]


@pytest.mark.parametrize(
    "sizes, told",
    [
        ([5, 1, 5], "bee has 1 training sample, of which no pair can be made"),
        ([1, 1, 5], "ant, bee have 1 training sample"),
        ([5, 5, 0], "has 3 classes, and 2 train: give --batch-size 4, or more samples per class"),
    ],
)
def test_classes_of_which_no_batch_can_be_made_are_told(sizes: list[int], told: str) -> None:
    classes = torch.repeat_interleave(torch.arange(3), torch.tensor(sizes))
    with pytest.raises(ValueError, match=told) as caught:
        check_grouped(classes, ("ant", "bee", "cow"), 2, 6)
    assert str(caught.value).startswith("--sampler pk: ") and "\n" not in str(caught.value)
