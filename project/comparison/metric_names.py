"""What a metric's name tells: its group of charts, its place in it, which values are better."""

import re
from typing import Any

from project.words import natural

MAIN, VALIDATION, TRAINING, TEST = "Loss and accuracy", "Validation", "Training", "Test"
PER_CLASS, SYSTEM, OTHER = "Per class", "System", "Other"
GROUPS = (MAIN, VALIDATION, TRAINING, TEST, OTHER, PER_CLASS, SYSTEM)
STAGES = {"val": 0, "valid": 0, "validation": 0, "dev": 0, "eval": 0}
STAGES |= {"train": 1, "training": 1, "test": 2}
LEADING = {"loss": 0, "accuracy": 1, "acc": 1}
CLASS_WISE = re.compile(
    r".*(precision|recall|f1|accuracy|acc|auc|ap|iou|dice|sensitivity|specificity|per_class)$"
)
LOWER = {"loss", "error", "brier", "perplexity", "ppl", "mae", "mse", "rmse", "wer", "cer", "nll"}
HIGHER = {"accuracy", "acc", "f1", "precision", "recall", "auc", "ap", "map", "iou", "dice", "bleu"}
HIGHER |= {"kappa", "matthews", "mcc", "r2", "score", "psnr", "ssim"}


def words(key: str) -> list[str]:
    """The words of a metric's name."""
    return [word for word in re.split(r"[\W_]+", key.lower()) if word]


def group(key: str) -> str:
    """The group of charts in which a metric stands, one of GROUPS."""
    if key.startswith(("monitoring/", "system/")):
        return SYSTEM
    stem, slash, last = key.rpartition("/")
    if slash and (last.isdecimal() or CLASS_WISE.match(stem)):
        return PER_CLASS
    told = words(key)
    plain = [word for word in told if word not in STAGES]
    if len(plain) == 1 and plain[0] in LEADING:
        return MAIN
    stage = next((STAGES[word] for word in told if word in STAGES), None)
    # What has no stage, such as a learning rate, belongs to training.
    other = OTHER if slash else TRAINING
    return {0: VALIDATION, 1: TRAINING, 2: TEST, None: other}[stage]


def rank(key: str) -> tuple[int, int, int, list[Any]]:
    """The order of metrics: by group; validation, training, test; loss, then accuracy; by name."""
    told = words(key)
    leading = min((LEADING[word] for word in told if word in LEADING), default=2)
    stage = min((STAGES[word] for word in told if word in STAGES), default=3)
    return GROUPS.index(group(key)), stage, leading, natural(key)


def better(key: str) -> str | None:
    """Which values of a metric are better, as far as its name tells: min, max or unknown."""
    told = set(words(key))
    if "bound" in told:
        return None
    if told & LOWER:
        return "min"
    return "max" if told & HIGHER else None
