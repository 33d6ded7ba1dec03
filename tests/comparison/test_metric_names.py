"""Groups, order and directions of metrics by their names."""

import pytest

from project.comparison import metric_names


@pytest.mark.parametrize(
    "key, group",
    [
        ("val_loss", metric_names.MAIN),
        ("train/loss", metric_names.MAIN),
        ("accuracy", metric_names.MAIN),
        ("val_f1_macro", metric_names.VALIDATION),
        ("learning_rate", metric_names.TRAINING),
        ("train_f1", metric_names.TRAINING),
        ("test_brier", metric_names.TEST),
        ("val_recall/3", metric_names.PER_CLASS),
        ("val_recall/cat", metric_names.PER_CLASS),
        ("val_recall/cat/left", metric_names.PER_CLASS),
        ("val_recall/loss", metric_names.PER_CLASS),
        ("val_roc_auc_per_class/7", metric_names.PER_CLASS),
        ("monitoring/1234/cpu", metric_names.SYSTEM),
        ("optimizer/momentum", metric_names.OTHER),
    ],
)
def test_groups(key: str, group: str) -> None:
    assert metric_names.group(key) == group


def test_loss_and_accuracy_come_first_and_classes_last() -> None:
    keys = ["val_recall/10", "val_recall/9", "learning_rate", "train_loss", "val_accuracy"]
    keys += ["val_loss", "test_loss", "val_f1"]
    assert sorted(keys, key=metric_names.rank) == [
        *("val_loss", "val_accuracy", "train_loss", "test_loss"),
        *("val_f1", "learning_rate", "val_recall/9", "val_recall/10"),
    ]
