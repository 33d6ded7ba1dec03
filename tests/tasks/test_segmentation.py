"""Segmentation: windows against plain loops, scores of single pictures, what wrong outputs get."""

import math

import numpy as np
import pytest
import torch
from sklearn.metrics import jaccard_score
from torch import Tensor, nn

from project.tasks._windows import blended, starts
from project.tasks.segmentation import Segmentation
from project.values import IGNORED, Example

CLASSES = ("ground", "disc", "box")
TASK = Segmentation((3, 12, 10), CLASSES)


class Spread(nn.Module):
    """Logits that depend on where the edges are, as a padded convolution's do."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv2d(3, 3, 5, padding=2)
        self.sizes: list[tuple[int, ...]] = []

    def forward(self, inputs: Tensor) -> Tensor:
        self.sizes.append(tuple(inputs.shape[2:]))
        return self.layer(inputs)


def drawn(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


def looped(model: nn.Module, inputs: Tensor, window: int) -> np.ndarray:
    """The weighted mean over windows, pixel by pixel."""
    b, _, height, width = inputs.shape
    total, norm = np.zeros((b, 3, height, width)), np.zeros((height, width))
    for top in starts(height, window):
        for left in starts(width, window):
            rows = np.arange(top, min(top + window, height))
            columns = np.arange(left, min(left + window, width))
            logits = model(inputs[:, :, rows][..., columns]).numpy()
            for i, y in enumerate(rows):
                for j, x in enumerate(columns):
                    weight = min(i + 1, len(rows) - i) * min(j + 1, len(columns) - j)
                    total[:, :, y, x] += weight * logits[:, :, i, j]
                    norm[y, x] += weight
    return total / norm


@pytest.mark.parametrize("size, window", [((20, 13), 8), ((9, 30), 16), ((17, 8), 16)])
def test_logits_of_windows_are_blended_as_by_a_plain_loop(
    size: tuple[int, int], window: int
) -> None:
    model, inputs = Spread(), drawn(2, 3, *size)
    with torch.no_grad():
        found, expected = blended(model, inputs, window), looped(model, inputs, window)
    torch.testing.assert_close(found.double(), torch.from_numpy(expected), rtol=0, atol=1e-5)


def test_what_sees_a_pixel_alone_is_the_same_in_windows_and_whole() -> None:
    model, inputs = nn.Conv2d(3, 3, 1), drawn(1, 3, 40, 23)
    with torch.no_grad():
        torch.testing.assert_close(blended(model, inputs, 16), model(inputs), rtol=0, atol=1e-5)


def test_a_picture_that_fits_is_taken_whole_and_a_larger_one_is_told() -> None:
    task, model = Segmentation((3, 8, 8), CLASSES), Spread()
    task.window = 16
    with torch.no_grad():
        whole = task.infer(model, drawn(2, 3, 16, 9))
        assert torch.equal(whole, model(drawn(2, 3, 16, 9))) and task.notes() == []
        task.infer(model, drawn(1, 3, 17, 9))
        task.infer(model, drawn(1, 3, 9, 30))
    assert set(model.sizes) == {(16, 9), (9, 16)}
    (note,) = task.notes()
    assert note.startswith("pictures of up to 9x30 pixels were evaluated in overlapping windows")


@pytest.mark.parametrize(
    "length, window", [(17, 16), (31, 16), (32, 16), (33, 16), (100, 9), (5, 9)]
)
def test_windows_reach_from_edge_to_edge_and_overlap_by_half(length: int, window: int) -> None:
    found = starts(length, window)
    assert found[0] == 0 and found[-1] + window >= length
    assert found[-1] == max(0, length - window)
    assert all(0 < b - a <= window // 2 for a, b in zip(found, found[1:]))
    assert len(found) == max(1, math.ceil((length - window) / (window // 2)) + 1)


def test_badness_is_what_lacks_of_scikit_learns_iou_over_the_classes_in_a_picture() -> None:
    source = torch.Generator().manual_seed(1)
    preds = torch.randint(0, 3, (4, 6, 5), generator=source)
    targets = torch.randint(0, 3, (4, 6, 5), generator=source)
    targets[0, :2], targets[1] = IGNORED, 2
    preds[1], preds[2] = 2, targets[2]
    targets[3] = IGNORED
    logits = nn.functional.one_hot(preds, 3).movedim(3, 1).float()
    found = 1 - TASK.badness(logits, targets)
    for i in range(3):
        kept = targets[i] != IGNORED
        expected = jaccard_score(targets[i][kept], preds[i][kept], average="macro")
        assert float(found[i]) == pytest.approx(expected, abs=1e-7)
    # A single class, all right; a copy; nothing that counts.
    assert found[1:3].tolist() == [1, 1] and found[3].isnan()
    assert TASK.weights(targets).tolist() == [1, 1, 1, 0]


def test_a_row_tells_of_a_picture_by_its_pixels_that_count() -> None:
    logits = torch.randn(2, 3, 4, 5, generator=torch.Generator().manual_seed(0))
    targets = torch.randint(3, (2, 4, 5), generator=torch.Generator().manual_seed(1))
    targets[0, :2], targets[1] = IGNORED, IGNORED
    task = Segmentation((1, 4, 5), ("a", "b", "c"))
    found = task.columns(logits, targets)
    probs = logits[0, :, 2:].double().softmax(0).numpy()
    entropy = -(probs * np.log(probs)).sum(0).mean() / np.log(3)
    assert found["n_pixels"].tolist() == [10, 0]
    np.testing.assert_allclose(found["entropy"], [entropy, np.nan], rtol=1e-6)
    np.testing.assert_allclose(found["iou"], 1 - task.badness(logits, targets))


def test_made_up_outputs_find_the_made_up_targets() -> None:
    targets = TASK.blank_targets(2)
    assert set(targets.unique().tolist()) == {0, 1, 2, IGNORED}
    outputs = TASK.blank_outputs(targets)
    assert TASK.check(outputs, 2, torch.device("cpu")) is None
    assert TASK.badness(outputs, targets).tolist() == [0, 0]


@pytest.mark.parametrize(
    "outputs, said",
    [
        (torch.zeros(2, 3), "that is a class of each image"),
        (torch.zeros(2, 12, 10), "not an argmax"),
        (torch.zeros(2, 12, 10, 3), ".permute(0, 3, 1, 2)"),
        (torch.zeros(2, 4, 12, 10), "its last layer needs n_classes channels"),
        (torch.zeros(2, 3, 6, 5), "scale it to the height and width of its inputs"),
        (torch.zeros(1, 3, 12, 10), "the first dimension is the batch's"),
        ({"out": torch.zeros(2, 3, 12, 10)}, "returned a dict of out, not logits (batch, 3, 12"),
        (torch.full((2, 3, 12, 10), math.nan), "that are NaN or infinite"),
        (None, "is a return missing?"),
    ],
)
def test_wrong_outputs_get_advice(outputs: object, said: str) -> None:
    why = TASK.check(outputs, 2, torch.device("cpu"))
    assert why is not None and said in why and "\n" not in why


def test_a_prediction_is_drawn_beside_what_is_true() -> None:
    targets = TASK.blank_targets(1)
    (prediction,) = TASK.decode(TASK.blank_outputs((targets + 1) % 3))
    example = Example(7, np.zeros((12, 10), np.uint8), targets[0].to(torch.uint8).numpy())
    drawn = TASK.draw(example, prediction)
    assert drawn.shape == (12, 43, 3) and drawn.dtype == np.uint8
    # Four of ten pixels across, and a white one between two of them.
    image, true, found, wrong = np.split(drawn[:, np.arange(43) % 11 < 10], 4, axis=1)
    assert (drawn[:, (10, 21, 32)] == 255).all()
    assert not image.any() and true[-1, -1].tolist() == [255, 255, 255]
    # Wrong everywhere but where it does not count.
    assert len(np.unique(wrong[:-1].reshape(-1, 3), axis=0)) == 1
    assert wrong[-1, -1].tolist() != wrong[0, 0].tolist()
    assert TASK.caption(example, prediction) == "IoU 0.000"
    (kept,) = TASK.kept(TASK.blank_outputs(targets))
    exact = TASK.restored(kept)
    assert np.array_equal(exact.value, kept) and TASK.caption(example, exact) == "IoU 1.000"
    assert [name for name, _ in TASK.legend] == list(CLASSES)
    assert np.argmax(prediction.probs, 0).tolist() == prediction.value.tolist()
