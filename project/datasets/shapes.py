"""Shapes on real textures, for segmentation: seeded; discs, boxes, rings, triangles and more."""

import math
from functools import partial

import numpy as np

from project.data.samples import Raw
from project.data.scenes import Things, of_splits, raw
from project.hyperparameters import Hyperparameters, flag

TASKS = ("segmentation",)
DEFAULTS = {"max_epochs": 14}


class Settings:
    shapes_samples: int = flag(
        1200,
        "training images of shapes; a sixth as many validate, and test",
        bounds="[6, 10000000]",
    )
    shapes_size: tuple[int, int] = flag(
        (48, 48), "height and width of images of shapes", bounds="[8, 4096]"
    )
    shapes_classes: int = flag(
        5,
        "classes: the background, disc, box, ring, triangle, cross and frame, so many of them",
        bounds="[2, 7]",
    )
    shapes_turn: float = flag(
        0.03, "how far shapes are turned either way, as a share of a whole turn", bounds="[0, 0.5]"
    )
    shapes_border: int = flag(0, "pixels beside another class that are ignored", bounds="[0, 64]")


CLASSES = ("background", "disc", "box", "ring", "triangle", "cross", "frame")
_RADII = (0.18, 0.28)  # shares of the shorter side
_ROOT = math.sqrt(3) / 2


def load(hparams: Hyperparameters) -> Raw:
    """`shapes_samples` images `(3, H, W)` that train, and a sixth as many for validation and test.

    1 to 3 shapes lie on a crop of a real picture; training, validation and test are of
    other parts of these pictures. A shape's colour is that of some pixel of theirs.

    Raises:
        ValueError: they are larger than `memory_limit`.
    """
    own = hparams.settings(__name__)
    things = Things(partial(cover, n_classes=own.shapes_classes), _RADII, own.shapes_turn)
    of_shapes = (own.shapes_samples, own.shapes_size, own.shapes_border, "shapes", hparams)
    return raw(of_splits(lambda split: things, *of_shapes), CLASSES[: own.shapes_classes])


def cover(
    picks: np.ndarray, v: np.ndarray, u: np.ndarray, n_classes: int
) -> tuple[np.ndarray, np.ndarray]:
    """Shapes `(m, P, P)` of radius 1, 1.0 inside and 0.0 outside, and their classes `(m,)`."""
    kinds = 1 + picks % (n_classes - 1)
    inside = np.zeros(u.shape, bool)
    for kind in range(1, n_classes):
        rows = kinds == kind
        inside[rows] = _SHAPES[kind - 1](u[rows], v[rows])
    return inside.astype(np.float64), kinds


def _disc(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return u * u + v * v <= 1


def _box(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return np.maximum(np.abs(u), np.abs(v)) <= 0.75


def _ring(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return np.abs(u * u + v * v - 0.625) <= 0.375  # radii from 0.5 to 1


def _triangle(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return np.maximum(v, _ROOT * np.abs(u) - v / 2) <= 0.5


def _cross(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    near, far = np.minimum(np.abs(u), np.abs(v)), np.maximum(np.abs(u), np.abs(v))
    return (near <= 0.3) & (far <= 0.95)


def _frame(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return np.abs(np.maximum(np.abs(u), np.abs(v)) - 0.6) <= 0.2


_SHAPES = (_disc, _box, _ring, _triangle, _cross, _frame)
