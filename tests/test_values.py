"""What travels: trees are mapped, split and joined; predictions tell their probabilities."""

from typing import NamedTuple

import numpy as np
import pytest
import torch
from scipy.stats import entropy
from torch import Tensor

from project.values import Batch, Example, Loss, Prediction, joined, mapped, n_samples, split


class Boxes(NamedTuple):
    corners: Tensor
    labels: Tensor


TREES = [
    torch.arange(6),
    (torch.arange(6), torch.arange(12).view(6, 2)),
    Boxes(torch.arange(24).view(6, 4), torch.arange(6)),
]


@pytest.mark.parametrize("tree", TREES, ids=["tensor", "tuple", "named"])
def test_a_tree_that_is_split_and_joined_is_the_same(tree) -> None:
    parts = list(split(tree, [1, 3, 2]))
    assert [n_samples(part) for part in parts] == [1, 3, 2]
    again = joined(parts)
    assert type(again) is type(tree)
    leaves = (again, tree) if isinstance(tree, tuple) else ([again], [tree])
    assert all(torch.equal(a, b) for a, b in zip(*leaves, strict=True))
    assert joined([tree]) is tree


def test_a_tree_is_mapped_leaf_by_leaf() -> None:
    found = mapped(lambda leaf: leaf + 1, TREES[2])
    assert isinstance(found, Boxes) and found.labels.tolist() == [1, 2, 3, 4, 5, 6]
    batch = Batch(torch.zeros(6, 1), TREES[1], 6, torch.arange(6)).to("meta")
    assert {leaf.device.type for leaf in (batch.inputs, *batch.targets)} == {"meta"}
    assert batch.indices.device.type == "cpu"


def test_a_loss_without_its_gradient_keeps_its_terms() -> None:
    total = torch.ones(2, requires_grad=True) * 2
    found = Loss(total, {"dice": total / 2}).detach()
    assert not found.total.requires_grad and found.terms["dice"].tolist() == [1, 1]


def test_a_prediction_tells_probabilities_of_a_sample_and_of_pixels() -> None:
    probs = np.array([0.5, 0.25, 0.25])
    sample = Prediction(0, probs)
    assert (sample.confidence, sample.p(2)) == (0.5, 0.25)
    assert sample.entropy == pytest.approx(entropy(probs) / np.log(3), abs=1e-12)
    pixels = Prediction(np.zeros((2, 2), int), np.broadcast_to(probs[:, None, None], (3, 2, 2)))
    assert pixels.entropy.shape == pixels.confidence.shape == pixels.p(1).shape == (2, 2)
    assert not pixels.is_batched and pixels.entropy[1, 1] == sample.entropy
    assert Prediction(1, np.float32([0, 1])).entropy == 0


def test_examples_and_predictions_are_stacked_and_taken_apart() -> None:
    each = [Example(i, np.full((2, 2), i, np.uint8), i % 2) for i in (3, 4)]
    both = Example.stack(each)
    assert both.is_batched and not each[0].is_batched
    assert both[1].index == 4 and both[1].image[0, 0] == 4 and both.target.tolist() == [1, 0]
    stacked = Prediction.stack([Prediction(1), Prediction(0)])
    assert stacked.is_batched and stacked.probs is None and stacked[0].value == 1
