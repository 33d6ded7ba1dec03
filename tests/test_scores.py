"""Which way a score is better, for a run of this project by its record and for others by name."""

import math

import pytest

from project import metrics
from project.scores import FORMER, agreed, better, guessed, improves

WAYS = {"loss": "min", "precision": "max", "gain_loss": "max", "a/b": "min", "bound": None}
NEWER = {"uce", "mean_entropy"}
# Whose names end as those of losses do.
CLASSES = ("gloss", "loss", "error", "brier", "log_loss", "half/loss", "mae")


@pytest.mark.parametrize("label", CLASSES)
@pytest.mark.parametrize("split", ["val", "test"])
def test_a_classs_name_says_nothing(split: str, label: str) -> None:
    assert better(WAYS, f"{split}_precision/{label}") == "max"
    assert guessed(f"{split}_precision/{label}") == "max"
    assert better(FORMER, f"{split}_recall/{label}") == "max"


def test_what_the_record_says_counts() -> None:
    assert [better(WAYS, name) for name in ("train_loss", "val_loss")] == ["min", "min"]
    assert better(WAYS, "val_gain_loss") == "max"  # although a name like this looks like a loss
    assert better(WAYS, "val_a/b") == better(WAYS, "val_a/b/cat") == "min"
    for name in ("val_bound", "val_unknown", "learning_rate", "val_precision_macro"):
        assert better(WAYS, name) is None
    assert better({"loss": "smaller"}, "val_loss") is None  # an edited record


def test_several_records_agree_or_nothing_is_known() -> None:
    assert agreed([WAYS, {"loss": "min"}, {}], "val_loss") == "min"
    assert agreed([WAYS, {"loss": "max"}], "val_loss") is None
    assert agreed([], "val_loss") is None


@pytest.mark.parametrize(
    "name, expected",
    [
        *(("val_mae", "min"), ("train/loss", "min"), ("val/accuracy", "max"), ("loss/val", "min")),
        *(("val_calibration_error", "min"), ("val_roc_auc_error_bound", None), ("val/gloss", None)),
        *(("training/val_f1/loss", "max"), ("learning_rate", None), ("metrics/mAP", "max")),
    ],
)
def test_the_name_of_another_programs_score(name: str, expected: str | None) -> None:
    assert guessed(name) == expected


def test_older_records_get_what_todays_metrics_say() -> None:
    declared = metrics.classification(10).declared()
    # Records that knew these said themselves which way is better.
    ways = {name: told.better for name, told in declared.items() if name not in NEWER}
    assert FORMER == {"loss": "min"} | ways


def test_any_number_is_better_than_nan() -> None:
    assert improves("min", 1.0, 2.0) and improves("max", 2.0, 1.0)
    for way in ("min", "max"):
        assert not improves(way, 1.0, 1.0) and improves(way, 1.0, math.nan)
        assert not improves(way, math.nan, 1.0) and not improves(way, math.nan, math.nan)
