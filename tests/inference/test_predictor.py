"""What the test pass decided for an image is what a predictor decides, however it is given."""

import pytest
import torch

from project.inference.predictor import Predictor
from tests.inference.runs import Reference, reference

QUICK = ["--max-steps", "3", "--batch-size", "100", "--width", "8", "--hidden-dim", "16"]


@pytest.fixture(scope="module")
def cnn(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    return reference(tmp_path_factory.mktemp("cnn"), *QUICK)


def test_outputs_are_those_of_the_test_bit_for_bit(cnn: Reference) -> None:
    predictor = Predictor.load(cnn.run)
    for images, outputs in zip(cnn.images, cnn.outputs, strict=True):
        assert torch.equal(predictor.outputs(images), outputs)


@pytest.mark.parametrize("size", [1, 2, 7, 359])
def test_decisions_are_the_same_in_batches_of_any_size(cnn: Reference, size: int) -> None:
    predictor, images = Predictor.load(cnn.run), torch.cat(cnn.images)
    found = torch.cat([predictor.probs(part) for part in images.split(size)])
    probs = torch.cat(cnn.outputs).softmax(1)
    top = probs.topk(2).values
    near = top[:, 0] - top[:, 1] < 1e-6
    same = found.argmax(1) == probs.argmax(1)
    assert (same | near).all() and near.sum() < 4
    assert (found - probs).abs().max() < 1e-6
