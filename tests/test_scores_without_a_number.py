"""NaN, the score of a class that is nowhere, from an evaluation to the files and back."""

import json
import math
from pathlib import Path

import torch
from torch.nn.functional import one_hot

from project.comparison.loading import numbers
from project.comparison.progress import best_so_far
from project.files import json_text
from project.scores import improves
from project.tasks.segmentation import Segmentation
from project.tracking.best import best_records
from project.tracking.journal import Journal, read
from project.training.evaluation import Evaluation

CLASSES = ("sky", "cat", "dog")
TARGETS = torch.tensor([[[0, 0], [1, 255]]])
WAYS = {"iou": "max", "mean_iou": "max"}


def evaluated(preds: list) -> dict[str, float]:
    task = Segmentation((3, 2, 2), CLASSES)
    evaluation = Evaluation(lambda outputs, _: torch.zeros(len(outputs)), task.metrics(), task)
    evaluation.begin(torch.device("cpu"))
    evaluation.add(one_hot(torch.tensor([preds]), 3).permute(0, 3, 1, 2).float(), TARGETS)
    return evaluation.end("val", 1)[0]


def test_files_keep_it_and_any_number_is_better(tmp_path: Path) -> None:
    # Neither true nor predicted; predicted once, and wrongly; neither again.
    epochs = [evaluated([[0, 0], [1, 2]]), evaluated([[0, 2], [1, 2]]), evaluated([[0, 0], [1, 0]])]
    values = [scores["val_iou/dog"] for scores in epochs]
    assert math.isnan(values[0]) and values[1] == 0 and math.isnan(values[2])
    assert [scores["val_mean_iou"] for scores in epochs] == [1, (1 / 2 + 1 + 0) / 3, 1]
    journal = Journal(tmp_path / "journal.jsonl")
    for epoch, scores in enumerate(epochs):
        journal.log(scores, step=epoch + 1, epoch=epoch)
    journal.close()
    records, _ = read(tmp_path / "journal.jsonl")
    for record, scores in zip(records, epochs, strict=True):
        assert json_text(record["metrics"]) == json_text(scores)  # NaN is "nan" there
    assert improves("max", values[1], values[0]) and not improves("max", values[2], values[1])
    best, damage = best_so_far(tmp_path, "val_iou/dog", WAYS)
    assert (best["epoch"], best["value"], damage) == (1, 0, None)
    best, _ = best_so_far(tmp_path, "val_mean_iou", WAYS)
    outcome = json.loads(json_text({"best": best, "ended": "2026-11-29T12:00:00+00:00"}))
    assert outcome["best"]["metrics"]["val_iou/dog"] == "nan"
    assert math.isnan(numbers(outcome["best"]["metrics"])["val_iou/dog"])
    # Trackers get the best scores of all classes once more; a NaN among them, too.
    outcome["best"]["metrics"]["val_cohen_kappa"] = "nan"
    [sent] = best_records(outcome)
    assert math.isnan(sent["metrics"]["best/val_cohen_kappa"])
    assert sent["metrics"]["best/val_mean_iou"] == 1
