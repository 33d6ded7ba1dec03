"""A pass with leaks: every score of all samples, and of those that were not seen before."""

import pytest
import torch
from sklearn.metrics import accuracy_score, jaccard_score
from torch.nn.functional import cross_entropy

from project.metrics import classification
from project.scores import FORMER, better
from project.tasks.classification import Classification
from project.tasks.segmentation import Segmentation
from project.training.evaluation import Evaluation
from project.values import IGNORED

N, N_CLASSES = 60, 3
TASK = Classification((1, 8, 8), ("a", "b", "c"))
Scores = dict[str, float]


def loss(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    return cross_entropy(logits, targets, reduction="none")


def evaluated(leaked: torch.Tensor | None, keep: torch.Tensor) -> Scores:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(N, N_CLASSES, generator=generator)
    targets = torch.randint(0, N_CLASSES, (N,), generator=generator)
    evaluation = Evaluation(loss, classification(N_CLASSES), TASK)
    evaluation.begin(torch.device("cpu"), marked=leaked is not None)
    parts = [logits[keep].split(7), targets[keep].split(7)]
    if leaked is not None:
        parts.append(leaked[keep].split(7))
    for batch in zip(*parts, strict=True):
        evaluation.add(*batch)
    scores, tables = evaluation.end("test", 1)
    assert tables["confusion_matrix"].sum() == keep.sum()
    return scores


def test_scores_without_leaks_are_those_of_the_other_samples() -> None:
    everything = torch.ones(N, dtype=torch.bool)
    leaked = torch.arange(N) % 4 == 1
    plain, clean = evaluated(None, everything), evaluated(None, ~leaked)
    both = evaluated(leaked, everything)
    # What is logged without leaks is the same to the last bit where there are some.
    assert {name: both[name] for name in plain} == plain
    more = {name.removesuffix("_without_leaks"): both[name] for name in both.keys() - plain.keys()}
    assert more == pytest.approx({k: v for k, v in clean.items() if "/" not in k}, rel=1e-12)
    assert more["test_accuracy"] == clean["test_accuracy"] != plain["test_accuracy"]


def test_nothing_is_left_without_leaks() -> None:
    everything = torch.ones(N, dtype=torch.bool)
    assert evaluated(everything, everything) == evaluated(None, everything)


def test_a_loss_without_leaks_is_better_if_less() -> None:
    assert better(FORMER, "test_loss_without_leaks") == "min"
    assert better(FORMER, "test_accuracy_without_leaks") == "max"
    assert better(FORMER, "test_roc_auc_error_bound_without_leaks") is None


def test_pictures_of_many_sizes_are_scored_as_all_their_pixels() -> None:
    task = Segmentation((1, 8, 8), ("a", "b", "c"))
    evaluation = Evaluation(loss_of_masks, task.metrics(), task)
    evaluation.begin(torch.device("cpu"))
    source, losses, pixels = torch.Generator().manual_seed(1), [], []
    for size in ((4, 5), (4, 5), (7, 3), (4, 5), (6, 6)):
        logits = torch.randn(1, 3, *size, generator=source)
        targets = torch.randint(0, 3, (1, *size), generator=source)
        targets[0, 0] = IGNORED
        if size == (7, 3):
            targets[:] = IGNORED  # which counts in no mean
        else:
            kept = targets[0] != IGNORED
            each = cross_entropy(logits, targets, reduction="none", ignore_index=IGNORED)
            losses.append(float(each.sum() / kept.sum()))
            pixels.append((targets[0][kept], logits.argmax(1)[0][kept]))
        evaluation.add(logits, targets)
    scores, _ = evaluation.end("val", 1)
    true, found = (torch.cat(each) for each in zip(*pixels, strict=True))
    assert scores["val_loss"] == pytest.approx(sum(losses) / 4, rel=1e-6)
    assert scores["val_mean_iou"] == jaccard_score(true, found, average="macro")
    assert scores["val_pixel_accuracy"] == accuracy_score(true, found)


def loss_of_masks(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """A sample's mean over what counts; 0 where nothing does."""
    each = cross_entropy(logits, targets, reduction="none", ignore_index=IGNORED).flatten(1).sum(1)
    return each / (targets != IGNORED).flatten(1).sum(1).clamp(min=1)
