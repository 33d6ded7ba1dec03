"""Groups, order and directions of metrics by their names; last and extreme values."""

import pytest

from project.server.compare import metrics
from tests.server.compare.stores import STARTED, Store


@pytest.mark.parametrize(
    "key, group",
    [
        ("val_loss", metrics.MAIN),
        ("train/loss", metrics.MAIN),
        ("accuracy", metrics.MAIN),
        ("val_f1_macro", metrics.VALIDATION),
        ("learning_rate", metrics.TRAINING),
        ("train_f1", metrics.TRAINING),
        ("test_brier", metrics.TEST),
        ("val_recall/3", metrics.PER_CLASS),
        ("val_recall/cat", metrics.PER_CLASS),
        ("val_roc_auc_per_class/7", metrics.PER_CLASS),
        ("monitoring/1234/cpu", metrics.SYSTEM),
        ("optimizer/momentum", metrics.OTHER),
    ],
)
def test_groups(key: str, group: str) -> None:
    assert metrics.group(key) == group


def test_loss_and_accuracy_come_first_and_classes_last() -> None:
    keys = ["val_recall/10", "val_recall/9", "learning_rate", "train_loss", "val_accuracy"]
    keys += ["val_loss", "test_loss", "val_f1"]
    assert sorted(keys, key=metrics.rank) == [
        *("val_loss", "val_accuracy", "train_loss", "test_loss"),
        *("val_f1", "learning_rate", "val_recall/9", "val_recall/10"),
    ]


def test_which_values_are_better() -> None:
    better = {key: metrics.better(key) for key in ("val_loss", "test_accuracy", "learning_rate")}
    assert better == {"val_loss": "min", "test_accuracy": "max", "learning_rate": None}
    assert metrics.better("val_calibration_error") == "min"
    assert metrics.better("val_roc_auc_error_bound") is None


def test_names_are_shown_as_they_were_logged() -> None:
    assert metrics.title("acc:40:top1") == "acc@top1"
    assert metrics.title("a:0:b") == "a:0:b"  # no character that can be shown


def test_last_and_extreme_values(store: Store) -> None:
    run, other = store.add(1), store.add(2)
    huge = 1.7976931348623157e308
    logged = [(3.0, 0, STARTED, False), (1.0, 1, STARTED, False), (huge, 2, STARTED, False)]
    store.log(run, "val_loss", [*logged, (0.0, 3, STARTED, True)])
    with store.database.read() as connection:
        (listed,) = metrics.listed(connection, [run, other])
        extremes = metrics.extremes(connection, run)
    assert listed["last"] == [{"value": "NaN", "step": 3}, None]
    assert extremes == {"val_loss": {"min": 1.0, "max": 3.0, "points": 4}}
