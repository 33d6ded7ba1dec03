"""Classification: what outputs mean, and what wrong ones get."""

import numpy as np
import pytest
import torch

from project.tasks.classification import Classification
from project.values import Example

TASK = Classification((1, 8, 8), ("cat", "dog", "owl"))
LOGITS = torch.tensor([[2.0, 0.0, 0.0], [0.0, 0.0, 0.0], [-torch.inf, 0.0, 1.0]])


def test_a_single_class_is_refused() -> None:
    with pytest.raises(
        ValueError, match="at least 2 classes and 1 pixel, not 1 classes of shape 1"
    ):
        Classification((1, 8, 8), ("cat",))


def test_made_up_outputs_find_the_made_up_targets_of_all_classes() -> None:
    targets = TASK.blank_targets(5)
    assert targets.tolist() == [0, 2, 1, 0, 2]
    outputs = TASK.blank_outputs(targets)
    assert torch.equal(outputs.argmax(1), targets)
    assert TASK.check(outputs, 5, torch.device("cpu")) is None


def test_predictions_and_how_wrong_they_are() -> None:
    probs = np.exp(LOGITS.numpy()) / np.exp(LOGITS.numpy()).sum(1, keepdims=True)
    found = TASK.decode(LOGITS)
    assert [prediction.value for prediction in found] == [0, 0, 2]
    np.testing.assert_allclose([p.probs for p in found], probs, rtol=1e-6)
    badness = TASK.badness(LOGITS, torch.tensor([0, 1, 0]))
    np.testing.assert_allclose(badness, 1 - probs[[0, 1, 2], [0, 1, 0]], rtol=1e-6)
    assert TASK.weights(torch.tensor([0, 1])) is None


def test_of_many_classes_the_largest_probabilities_are_told() -> None:
    task = Classification((1, 8, 8), tuple(map(str, range(200))))
    logits = torch.randn(4, 200, generator=torch.Generator().manual_seed(0))
    found = task.columns(logits, torch.tensor([0, 1, 2, 3]))
    order = (-logits).argsort(1)[:, :10]
    assert "probs" not in found and torch.equal(found["top_class"], order)
    torch.testing.assert_close(found["top_prob"], logits.softmax(1).gather(1, order))


def test_a_picture_and_its_caption() -> None:
    image = np.arange(64, dtype=np.uint8).reshape(8, 8)
    _, second, _ = TASK.decode(LOGITS)
    example = Example(3, image, 1)
    assert np.array_equal(TASK.draw(example, second), np.stack([image] * 3, 2))
    # Of three equal logits.
    assert TASK.caption(example, second) == "true dog\npredicted cat\nP(true) 0.3333"
