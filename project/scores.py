"""Which way a score is better: as the run's record says, and of foreign runs by the name alone."""

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

MIN, MAX = "min", "max"
# A record's `scores`: MIN, MAX or None by name, without the split and without the class.
Ways = Mapping[str, str | None]

# Ends the names of scores of a split without its leaks: samples that were seen before the test.
WITHOUT_LEAKS = "_without_leaks"
_SPLITS = ("train_", "val_", "test_")
# All scores of the runs that were recorded before records said which way is better.
FORMER: Ways = {
    **dict.fromkeys(("loss", "log_loss", "brier", "calibration_error"), MIN),
    **dict.fromkeys(("accuracy", "balanced_accuracy", "top5_accuracy"), MAX),
    **dict.fromkeys(("cohen_kappa", "matthews"), MAX),
    **dict.fromkeys(("precision", "precision_macro", "precision_weighted"), MAX),
    **dict.fromkeys(("recall", "recall_macro", "recall_weighted"), MAX),
    **dict.fromkeys(("f1", "f1_macro", "f1_weighted"), MAX),
    **dict.fromkeys(("roc_auc", "roc_auc_per_class"), MAX),
    **dict.fromkeys(("average_precision", "average_precision_per_class"), MAX),
    **dict.fromkeys(("roc_auc_error_bound", "average_precision_error_bound"), None),
}
# The task of those runs, as records say it since.
FORMER_TASK: Mapping[str, Any] = {
    "name": "classification",
    "headline": ["accuracy", "balanced_accuracy", "f1_macro"],
    "judged": "balanced_accuracy",
}
# What the words of a name tell, where nothing else does.
_LOWER = {"loss", "error", "brier", "perplexity", "ppl", "mae", "mse", "rmse", "wer", "cer", "nll"}
_HIGHER = {"accuracy", "acc", "f1", "precision", "recall", "auc", "ap", "map", "iou", "dice"}
_HIGHER |= {"bleu", "kappa", "matthews", "mcc", "r2", "score", "psnr", "ssim"}


def headline(record: Mapping[str, Any]) -> tuple[str, ...]:
    """The scores that a run's record says are shown first, without their split."""
    return tuple(_task(record)["headline"])


def judged(record: Mapping[str, Any]) -> str:
    """The score that a run's record says is the one to compare by, without its split."""
    return _task(record)["judged"]


def _task(record: Mapping[str, Any]) -> Mapping[str, Any]:
    told = record.get("task") or {}
    return told if told.get("headline") and told.get("judged") else FORMER_TASK


def better(ways: Ways, score: str) -> str | None:
    """Which values of a score are better, `min` or `max`; None where neither, or nobody says.

    Args:
        ways: of the run's record.
        score: as it is logged, such as `val_loss`, `val_recall/cat` (whatever the class's name).
    """
    found = _known(ways, score)
    return ways[found] if found is not None and ways[found] in (MIN, MAX) else None


def agreed(records: Iterable[Ways], score: str) -> str | None:
    """As `better`, of several runs; None where those that know the score don't say the same."""
    said = {better(ways, score) for ways in records if _known(ways, score) is not None}
    return said.pop() if len(said) == 1 else None


def distinct(records: Iterable[Ways]) -> list[Ways]:
    """Each of them once: many runs' records say the same."""
    return list({tuple(sorted(ways.items())): ways for ways in records}.values())


def is_told(ways: Ways, score: str) -> bool:
    """Whether a record says anything of a score."""
    return _known(ways, score) is not None


def improves(way: str, value: float, best: float) -> bool:
    """Whether `value` is a better one than `best`; any number is better than NaN."""
    if math.isnan(value) or math.isnan(best):
        return math.isnan(best) and not math.isnan(value)
    return value < best if way == MIN else value > best


def guessed(name: str) -> str | None:
    """As `better`, as far as the name tells: for runs of other programs, which have no record.

    The first part between slashes that tells anything decides: `val/loss` by its second one,
    `val_precision/loss`, of a class with that name, by its first one.
    """
    for part in name.lower().split("/"):
        told = {word for word in re.split(r"[\W_]+", part) if word}
        if "bound" in told:
            return None
        if told & _LOWER:
            return MIN
        if told & _HIGHER:
            return MAX
    return None


def guesses(names: Iterable[str], mark: str = "") -> Ways:
    """What a record could say of these scores, by `guessed`, of all but the mark at their ends."""
    found = {}
    for name in names:
        split = next((part for part in _SPLITS if name.startswith(part)), "")
        found[name.removeprefix(split)] = guessed(name.removesuffix(mark))
    return found


def _known(ways: Ways, score: str) -> str | None:
    """The name under which the record has a score: the longest, as a class's name may hold `/`."""
    split = next((part for part in _SPLITS if score.startswith(part)), "")
    name = score.removeprefix(split)
    if "/" not in name and name not in ways:
        # The same score of fewer samples; only those of all classes have it.
        name = name.removesuffix(WITHOUT_LEAKS)
    while name not in ways:
        name, slash, _ = name.rpartition("/")
        if not slash:
            return None
    return name
