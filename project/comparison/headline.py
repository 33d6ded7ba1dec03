"""The scores that are shown first, and the one by which settings are judged."""

from collections.abc import Collection, Mapping, Sequence

from project.comparison.values import is_of_class
from project.scores import WITHOUT_LEAKS

# What a reader asks for first, in this order; the monitored score is always among those shown.
HEADLINE = (
    *("test_balanced_accuracy", "test_accuracy", "test_f1_macro"),
    *("test_log_loss", "test_calibration_error", "test_loss"),
)
SHOWN = 6


def primary(
    scores: Sequence[str], better: Mapping[str, str | None], monitors: Collection[str]
) -> str | None:
    """The one score that a verdict is about; None if there is none.

    To judge by several, and tell the best of it, finds differences where there are none. So it
    follows from the flags alone: what the test gave of the monitored score, unless that is the
    training loss; then the first one of HEADLINE; then any other, of the test if there are such.

    Args:
        scores: those that can be compared, which every setting has.
        better: which values of each are better: `min`, `max`, or None for neither.
        monitors: the monitored scores of the runs.
    """
    able = [name for name in scores if better.get(name) and not is_of_class(name)]
    able = [name for name in able if not name.endswith(WITHOUT_LEAKS)]
    asked = [name.removeprefix("val_") for name in monitors] if len(monitors) == 1 else []
    asked = [f"test_{bare}" for bare in asked if bare != "loss" and not bare.startswith("loss_")]
    tested = [name for name in able if name.startswith("test_")]
    usual = (*asked, *HEADLINE, *tested, *monitors, *able)
    return next((name for name in usual if name in able), None)


def headline(scores: Collection[str], first: str | None, monitors: Collection[str]) -> list[str]:
    """At most SHOWN of the scores: the primary one, the usual and the monitored ones, others.

    Args:
        scores: all that any run has.
        first: the primary one.
        monitors: the monitored scores of the runs.
    """
    plain = [name for name in scores if not is_of_class(name)]
    known = [name for name in dict.fromkeys((first, *HEADLINE)) if name in plain]
    watched = [name for name in monitors if name in plain and name not in known]
    rest = [name for name in plain if name not in (*known, *watched)]
    # The monitored ones have a place, however many others there are.
    shown = [*known[: max(1, SHOWN - len(watched))], *watched]
    return [*shown, *sorted(rest, key=lambda name: not name.startswith("test_"))][:SHOWN]
