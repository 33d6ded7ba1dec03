"""Steps that put two training images together, each with a partner of its own."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from scipy.special import betaincinv
from torch import Tensor

from project.recipes._moving import Moving, to_device
from project.recipes.draws import Draws
from project.recipes.images import Images

N_DRAWS = 4  # whether, the share, and the place: row and column
Mixed = tuple[Tensor, np.ndarray]


def mixup(images: Tensor, others: Tensor, share: np.ndarray, place: np.ndarray) -> Mixed:
    """Images `(n, C, H, W)` float32 and their partners, added; `share` `(n,)` is the images' own.

    Returns:
        The new images, and what is left of each, `(n,)` in [0, 1].

    Source: Zhang et al., "mixup: Beyond Empirical Risk Minimization", 2018, equation 2.
    """
    own = to_device(torch.from_numpy(share).float(), images.device).view(-1, 1, 1, 1)
    return images * own + others * (1 - own), share


def cutmix(images: Tensor, others: Tensor, share: np.ndarray, place: np.ndarray) -> Mixed:
    """Images in which a rectangle, of the image's proportions, is their partners'.

    Its area is 1 - `share` of the image, before what is outside of that is cut off; `place` `(n,
    2)` in [0, 1) is its middle.

    Source: Yun et al., "CutMix: Regularization Strategy to Train Strong Classifiers with
    Localizable Features", 2019, equations 1 and 2.
    """
    sizes = images.shape[2:]
    inside, areas = [], []
    for n, middle in zip(sizes, place.T, strict=True):
        length, at = (n * np.sqrt(1 - share)).astype(np.int64), (middle * n).astype(np.int64)
        first, end = (np.clip(side, 0, n) for side in (at - length // 2, at - length // 2 + length))
        pixels = np.arange(n)
        inside.append((pixels >= first[:, None]) & (pixels < end[:, None]))
        areas.append((end - first) / n)
    rows, columns = (to_device(torch.from_numpy(each), images.device) for each in inside)
    cut = rows[:, None, :, None] & columns[:, None, None, :]
    return torch.where(cut, others, images), 1 - areas[0] * areas[1]


@dataclass(frozen=True)
class Mixing:
    """A step that mixes each image, with a probability, with a partner.

    Attributes:
        place: `file:line`.
        number: of the step in its recipe.
        name: in the file.
        mix: what it does.
        probability: that an image is concerned.
        alpha: of the distribution Beta(alpha, alpha) of an image's own share.
    """

    place: str
    number: int
    name: str
    mix: Callable[[Tensor, Tensor, np.ndarray, np.ndarray], Mixed]
    probability: float
    alpha: float
    mixes: ClassVar[bool] = True

    def __call__(self, moving: Moving, rows: np.ndarray, draws: Draws) -> None:
        assert moving.others is not None, "partners were not fetched"
        drawn = draws[rows].uniform(self.number, N_DRAWS)
        kept = drawn[:, 0] < self.probability
        rows, drawn = rows[kept], drawn[kept]
        if not len(rows):
            return
        share = betaincinv(self.alpha, self.alpha, drawn[:, 1])
        images, left = self.mix(moving.at(rows), moving.others.at(rows), share, drawn[:, 2:])
        moving.replace(rows, images)
        moving.shares[rows] *= left

    def misfits(self, images: Images) -> Iterator[str]:
        """As of `Step`."""
        if images.kind != "labels":
            yield f"{self.place}: {self.name} mixes labels, and these data have {images.kind}"


MIXING = {"mixup": (mixup, 0.2), "cutmix": (cutmix, 1.0)}  # with the papers' usual alpha
