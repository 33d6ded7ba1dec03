"""Handwritten digits on real textures, for segmentation: both are scikit-learn's, no download."""

from collections.abc import Mapping

import numpy as np
from sklearn.datasets import load_digits

from project.data.samples import Raw
from project.data.scenes import Things, of_splits, raw
from project.hyperparameters import Hyperparameters, flag

TASKS = ("segmentation",)
CLASSES = ("background", *"0123456789")
# By the usual rate and the cross-entropy alone, ten epochs learn little more than the background.
DEFAULTS = {"learning_rate": 0.003, "loss": ["cross-entropy", "dice"]}


class Settings:
    digits_samples: int = flag(
        1200,
        "training images of digits; a sixth as many validate, and test",
        bounds="[6, 10000000]",
    )
    digits_size: tuple[int, int] = flag(
        (48, 48), "height and width of images of digits", bounds="[16, 4096]"
    )
    digits_border: int = flag(0, "pixels beside another class that are ignored", bounds="[0, 64]")


# Which of the 1,797 samples each split is made of. They come writer by writer, so that most of
# those who wrote the digits of the test wrote none of training.
SAMPLES: Mapping[str, tuple[int, int]] = {
    "train": (0, 1198),
    "val": (1198, 1497),
    "test": (1497, 1797),
}
_RADII = (0.18, 0.28)  # shares of the shorter side
_TURN = 0.04  # of a whole turn, either way
_LEVELS = 16
_FRAMED = 10  # pixels a side with a frame of nothing, where lies what is beyond a digit
_DARKER = 1.5  # thin strokes, too, cover what is below them
_HALF = 0.8  # of a digit's side, in units of its radius: its corners are nearly empty


def load(hparams: Hyperparameters) -> Raw:
    """`digits_samples` images `(3, H, W)` that train, and a sixth as many for validation and test.

    1 to 3 digits, slightly turned, lie on a crop of a real picture. No digit and no part of a
    picture is in two of training, validation and test.
    Source: E. Alpaydin, C. Kaynak, "Optical Recognition of Handwritten Digits", UCI, 1998.

    Raises:
        ValueError: they are larger than `memory_limit`.
    """
    own = hparams.settings(__name__)
    of_digits = (own.digits_samples, own.digits_size, own.digits_border, "digits", hparams)
    return raw(of_splits(_things, *of_digits), CLASSES)


def _things(split: str) -> Things:
    return Things(Digits(split), _RADII, _TURN)


class Digits:
    """The digits of a split, covering pixels as `project.data.scenes.Things` asks for."""

    def __init__(self, split: str) -> None:
        levels, targets = load_digits(return_X_y=True)
        part = slice(*SAMPLES[split])
        self.targets = targets[part]
        self.levels = np.pad(levels[part].reshape(-1, 8, 8), ((0, 0), (1, 1), (1, 1)))

    def __call__(
        self, picks: np.ndarray, v: np.ndarray, u: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """The ink `(m, P, P)` in 0..1, bilinear, and the classes `(m,)` in 1..10."""
        samples = picks % len(self.targets)
        row, down = _cell(v)
        column, across = _cell(u)
        at = (samples * _FRAMED**2)[:, None, None] + row * _FRAMED + column
        upper, lower = (
            (1 - across) * self.levels.take(place) + across * self.levels.take(place + 1)
            for place in (at, at + _FRAMED)
        )
        ink = (1 - down) * upper + down * lower
        return np.minimum(1, ink * (_DARKER / _LEVELS)), 1 + self.targets[samples]


def _cell(along: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """After which of the framed rows (or columns) something lies, and how far from it."""
    place = np.clip((along / _HALF + 1) * 4 + 0.5, 0, _FRAMED - 1)
    cell = np.minimum(place.astype(np.int64), _FRAMED - 2)
    return cell, place - cell
