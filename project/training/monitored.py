"""Which way each score of a run will be better, and that the monitored one is among them."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from project.scores import MIN, better
from project.words.telling import did_you_mean


class Declared(Protocol):
    """What a metric says of a score before there is any.

    Attributes:
        better: which values are: `min`, `max`, or None for neither.
        of_classes: whether there is one for each class.
    """

    @property
    def better(self) -> str | None: ...

    @property
    def of_classes(self) -> bool: ...


def ways_of(
    told: Mapping[str, Declared],
    monitor: str,
    classes: Sequence[str],
    terms: Sequence[str] = (),
    has_loss: bool = True,
    searched: Sequence[str] = (),
) -> dict[str, str | None]:
    """Which way each score of a run to come is better, by its bare name.

    Args:
        told: what the metrics say of each score but the loss.
        monitor: the score that chooses the best epoch, with its split.
        classes: names of the classes.
        terms: names of the loss's terms.
        has_loss: whether a validation has a loss, too.
        searched: the scores that a sweep asks for.

    Raises:
        ValueError: `monitor`, or what is searched for, is none of them, or `monitor` is neither
            good nor bad; names a near one.
    """
    losses = dict.fromkeys(("loss", *(f"loss_{name}" for name in terms)), MIN)
    scores = losses | {name: score.better for name, score in told.items()}
    known = losses if has_loss else {}
    whole = [f"val_{n}" for n in scores if n in known or n in told and not told[n].of_classes]
    each = [
        f"val_{n}/{label}" for n, score in told.items() if score.of_classes for label in classes
    ]
    asked = [("--monitor", monitor), *(("objective or constraint", name) for name in searched)]
    for what, name in asked:
        if name not in (*whole, *each):
            near = did_you_mean(name, [*whole, *each])
            shown = ", ".join(whole)
            raise ValueError(f"{what} {name!r} is not measured{near} (measured: {shown})")
    if better(scores, monitor) is None:
        raise ValueError(
            f"--monitor {monitor!r}: neither more nor less of it is better; give a score"
        )
    return scores
