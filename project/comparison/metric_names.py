"""What a metric's name tells: its group of charts, and its place in it."""

import re
from typing import Any

from project.words.telling import natural

MAIN, VALIDATION, TRAINING, TEST = "Loss and accuracy", "Validation", "Training", "Test"
PER_CLASS, SYSTEM, OTHER = "Per class", "System", "Other"
GROUPS = (MAIN, VALIDATION, TRAINING, TEST, OTHER, PER_CLASS, SYSTEM)
STAGES = {"val": 0, "valid": 0, "validation": 0, "dev": 0, "eval": 0}
STAGES |= {"train": 1, "training": 1, "test": 2}
LEADING = {"loss": 0, "accuracy": 1, "acc": 1}
CLASS_WISE = re.compile(
    r".*(precision|recall|f1|accuracy|acc|auc|ap|iou|dice|sensitivity|specificity|per_class)$"
)


def words(key: str) -> list[str]:
    """The words of a metric's name."""
    return [word for word in re.split(r"[\W_]+", key.lower()) if word]


def measured(key: str) -> str:
    """A metric's name without the class's, which may be any: `val_recall` of `val_recall/loss`."""
    parts = key.split("/")
    for n in range(1, len(parts)):
        stem = "/".join(parts[:n])
        if CLASS_WISE.match(stem):
            return stem
    return "/".join(parts[:-1]) if len(parts) > 1 and parts[-1].isdecimal() else key


def fold(key: str) -> str:
    """Under which line a score is folded away, as another one says nearly the same; empty: none."""
    if measured(key) != key or "/" in key:
        return "single classes"
    if key.endswith("_error_bound"):
        return "error bounds"
    if key.endswith(("_macro", "_weighted", "_micro", "_per_class")):
        return "other averages"
    return "without leaks" if key.endswith("_without_leaks") else ""


def group(key: str) -> str:
    """The group of charts in which a metric stands, one of GROUPS."""
    if key.startswith(("monitoring/", "system/")):
        return SYSTEM
    if measured(key) != key:
        return PER_CLASS
    told = words(key)
    plain = [word for word in told if word not in STAGES]
    if len(plain) == 1 and plain[0] in LEADING:
        return MAIN
    stage = next((STAGES[word] for word in told if word in STAGES), None)
    # What has no stage, such as a learning rate, belongs to training.
    other = OTHER if "/" in key else TRAINING
    return {0: VALIDATION, 1: TRAINING, 2: TEST, None: other}[stage]


def rank(key: str) -> tuple[int, int, int, list[Any]]:
    """The order of metrics: by group; validation, training, test; loss, then accuracy; by name."""
    told = words(measured(key))
    leading = min((LEADING[word] for word in told if word in LEADING), default=2)
    stage = min((STAGES[word] for word in told if word in STAGES), default=3)
    return GROUPS.index(group(key)), stage, leading, natural(key)
