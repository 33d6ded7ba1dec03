"""Several views of each image: a recipe goes on with each by itself, and a loss compares them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from project import plugs
from project.plugs.weighted import ONLY_VIEWS, VIEWS, plugs_of
from project.recipes._moving import Moving
from project.recipes.draws import Draws
from project.recipes.images import Images

BRANCH = 1000  # of random numbers: those of views are no others' (a group has fewer turns)


@dataclass(frozen=True)
class Views:
    """From this step on each image is there several times.

    Attributes:
        place: `file:line`.
        n: how many views of each image there are.
        is_clean: whether the first one goes through none of the steps that follow.
    """

    place: str
    n: int
    is_clean: bool
    mixes: ClassVar[bool] = False

    def __call__(self, moving: Moving, rows: np.ndarray, draws: Draws) -> None:
        """What follows is done to each view; this step itself does nothing."""

    def misfits(self, images: Images) -> Iterator[str]:
        """As of `Step`."""
        if images.kind != "labels":
            yield f"{self.place}: views are of images with labels; these data have {images.kind}"


def check(losses: Sequence[str], views: Views | None, has_teacher: bool = False) -> None:
    """Refuse several views that nothing compares, and a loss that compares views of which one is.

    Args:
        losses: terms, as on the command line.
        views: of the run's recipe; None: it has none.
        has_teacher: whether the run has a teacher, who is shown one view.

    Raises:
        ValueError: a line that says what to change.
    """
    names = plugs_of(losses)
    several = [name for name in names if plugs.says("loss", name, VIEWS)]
    alone = [name for name in several if plugs.says("loss", name, ONLY_VIEWS)]
    if views is None and alone:
        raise ValueError(
            f"--loss {alone[0]} compares several views of an image: choose a --recipe with views,"
            " such as configs/recipes/augmix-jsd.yaml"
        )
    if alone and len(alone) == len(names):
        raise ValueError(
            f"--loss {alone[0]} compares views, and knows no targets: add another loss, as in"
            f" --loss cross-entropy {alone[0]}*12"
        )
    if views is not None and not several:
        raise ValueError(
            f"{views.place}: it makes {views.n} views of each image, and --loss {names[0]} reads"
            f" one; add one that compares them, as in --loss {names[0]} jsd*12, or leave views out"
        )
    if views is not None and has_teacher:
        raise ValueError(f"{views.place}: a --teacher is shown one view; leave views out")
