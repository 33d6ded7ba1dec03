"""The scores that are shown first, and the one by which settings are judged."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from project.comparison.values import is_of_class
from project.scores import FORMER_TASK, WITHOUT_LEAKS
from project.scores import headline as shown_first
from project.scores import judged

# What a reader asks for after the scores of the task.
_COMMON = ("log_loss", "calibration_error", "loss")
SHOWN = 6


def usual(records: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """What a reader asks for first, in this order; the monitored score is always shown, too.

    Args:
        records: of the runs, whose tasks say it.
    """
    records = list(records)
    first = [judged(record) for record in records]
    others = [name for record in records for name in shown_first(record)]
    return tuple(f"test_{name}" for name in dict.fromkeys((*first, *others, *_COMMON)))


# Of runs whose records say nothing.
USUAL = usual([{"task": FORMER_TASK}])


def leading(records: Iterable[Mapping[str, Any]]) -> list[str]:
    """The first of the scores that each task shows, without their split."""
    return list(dict.fromkeys(shown_first(record)[0] for record in records))


def primary(
    scores: Sequence[str],
    better: Mapping[str, str | None],
    monitors: Collection[str],
    first: Sequence[str] = USUAL,
) -> str | None:
    """The one score that a verdict is about; None if there is none.

    To judge by several, and tell the best of it, finds differences where there are none. So it
    follows from the flags alone: what the test gave of the monitored score, unless that is the
    training loss; then the first one of `first`; then any other, of the test if there are such.

    Args:
        scores: those that can be compared, which every setting has.
        better: which values of each are better: `min`, `max`, or None for neither.
        monitors: the monitored scores of the runs.
        first: as of `usual`.
    """
    able = [name for name in scores if better.get(name) and not is_of_class(name)]
    able = [name for name in able if not name.endswith(WITHOUT_LEAKS)]
    asked = [name.removeprefix("val_") for name in monitors] if len(monitors) == 1 else []
    asked = [f"test_{bare}" for bare in asked if bare != "loss" and not bare.startswith("loss_")]
    tested = [name for name in able if name.startswith("test_")]
    wanted = (*asked, *first, *tested, *monitors, *able)
    return next((name for name in wanted if name in able), None)


def headline(
    scores: Collection[str],
    first: str | None,
    monitors: Collection[str],
    others: Sequence[str] = USUAL,
) -> list[str]:
    """At most SHOWN of the scores: the primary one, the usual and the monitored ones, others.

    Args:
        scores: all that any run has.
        first: the primary one.
        monitors: the monitored scores of the runs.
        others: as of `usual`.
    """
    plain = [name for name in scores if not is_of_class(name)]
    known = [name for name in dict.fromkeys((first, *others)) if name in plain]
    watched = [name for name in monitors if name in plain and name not in known]
    rest = [name for name in plain if name not in (*known, *watched)]
    # The monitored ones have a place, however many others there are.
    shown = [*known[: max(1, SHOWN - len(watched))], *watched]
    return [*shown, *sorted(rest, key=lambda name: not name.startswith("test_"))][:SHOWN]
