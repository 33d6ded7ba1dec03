"""Made-up pictures for segmentation: things of several kinds on real textures, and their masks.

A thing has the colour of some pixel of the textures, whichever of a few differs most from what is
around it: the colour of a pixel tells little of what it belongs to, that of its neighbours much.
"""

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import torch

from project.data.borders import bordered
from project.data.order import generator
from project.data.samples import Raw, Resident
from project.data.targets import Masks
from project.data.textures import N_DRAWS, textures
from project.hyperparameters import Hyperparameters
from project.values import IGNORED

MOST = 3  # things in a picture, in each quarter at most one
_QUARTERS = 4
_CHUNK = 128  # pictures whose random numbers are drawn together
_PIXELS = 2**20  # at once
_COLOURS = 8  # of which a thing has the one that differs most
_STEPS = 4096  # of a random share
_OF_A_THING = 5 + N_DRAWS * _COLOURS
# Of things: numbers `(m,)` int64 to choose by, and coordinates `(m, P, P)` about their centre, down
# and to the right, in units of their radius; gives how much each pixel is covered `(m, P, P)` in
# 0..1, and the things' classes `(m,)`.
Cover = Callable[[np.ndarray, np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


class Scenes(NamedTuple):
    """Pictures `(n, 3, H, W)` uint8, and masks `(n, H, W)` uint8; 0 is the ground."""

    images: np.ndarray
    masks: np.ndarray


class Things(NamedTuple):
    """What is to be found in the pictures.

    Attributes:
        cover: what they look like.
        radii: the smallest and the largest, as shares of a picture's shorter side, at most 1/3.
        turn: how far they are turned either way, at most, as a share of a whole turn.
    """

    cover: Cover
    radii: tuple[float, float]
    turn: float


def scenes(
    n: int, size: tuple[int, int], things: Things, split: str, seed: int, name: str
) -> Scenes:
    """n pictures with 1 to 3 things; the first ones are the same whatever n is.

    Args:
        n: how many.
        size: height and width, at least 8.
        things: what is in them.
        split: "train", "val" or "test": whose textures.
        seed: with the next one, of all choices.
        name: of the data set.
    """
    found = Scenes(np.empty((n, 3, *size), np.uint8), np.zeros((n, *size), np.uint8))
    at_once = max(1, _PIXELS // math.prod(size))
    for start in range(0, n, _CHUNK):
        # Always a whole chunk, as the first numbers of a shorter one need not be the same.
        shape = (_CHUNK, N_DRAWS + 1 + _QUARTERS + MOST * _OF_A_THING)
        source = generator(seed, name, split, start // _CHUNK)
        draws = torch.randint(2**31, shape, generator=source).numpy()
        for first in range(start, min(n, start + _CHUNK), at_once):
            end = min(n, start + _CHUNK, first + at_once)
            images, masks = found.images[first:end], found.masks[first:end]
            rows = slice(first - start, end - start)
            images[:] = _drawn(draws[rows], masks, things, split)
    return found


def of_splits(
    things: Callable[[str], Things],
    n: int,
    size: tuple[int, int],
    border: int,
    name: str,
    hparams: Hyperparameters,
) -> dict[str, Scenes]:
    """n pictures that train, and a sixth as many, by split, that validate and test.

    Args:
        things: what is in those of a split.
        n: `--NAME-samples`.
        size: height and width.
        border: how near to another class pixels are ignored.
        name: of the data set's flags, and with `hparams.seed` of all choices.
        hparams: of the run.

    Raises:
        ValueError: they are larger than `memory_limit`.
    """
    counts = {"train": n, "val": max(1, n // 6), "test": max(1, n // 6)}
    needed = sum(counts.values()) * math.prod(size) * 4 / 2**30
    if needed > hparams.memory_limit:
        raise ValueError(
            f"--{name}-samples {n} of {size[0]} x {size[1]}, with those of validation and test,"
            f" take {needed:.3g} GiB, more than --memory-limit {hparams.memory_limit:g}; lower the"
            " one or raise the other"
        )
    found = {}
    for split, count in counts.items():
        made = scenes(count, size, things(split), split, hparams.seed, name)
        found[split] = made._replace(masks=bordered(made.masks, border, IGNORED))
    return found


def raw(found: Mapping[str, Scenes], classes: tuple[str, ...]) -> Raw:
    """What a data set's file gives of them."""
    train, val, test = (
        Resident(torch.from_numpy(images), Masks(torch.from_numpy(masks)))
        for images, masks in (found[split] for split in ("train", "val", "test"))
    )
    return Raw(train, test, classes, val)


def _drawn(draws: np.ndarray, masks: np.ndarray, things: Things, split: str) -> np.ndarray:
    """Pictures `(n, 3, H, W)`; their masks are drawn into `masks`, which are 0."""
    n, *size = masks.shape
    ground, count, order, of_things = np.split(
        draws, np.cumsum([N_DRAWS, 1, _QUARTERS]).tolist(), axis=1
    )
    images = textures(split, (size[0], size[1]), ground)
    quarters = np.argsort(order, axis=1, kind="stable")
    of_each = of_things.reshape(n, MOST, _OF_A_THING)
    for i in range(MOST):
        rows = np.flatnonzero(count[:, 0] % MOST >= i)
        if len(rows):
            _draw(images, masks, rows, quarters[rows, i], of_each[rows, i], things, split)
    return images.transpose(0, 3, 1, 2)


def _draw(
    images: np.ndarray,
    masks: np.ndarray,
    rows: np.ndarray,
    quarters: np.ndarray,
    draws: np.ndarray,
    things: Things,
    split: str,
) -> None:
    """Draw a thing into each of the pictures `rows`."""
    picks, shares, colours = np.split(draws, [1, 5], axis=1)
    larger, lower, righter, turned = (shares % _STEPS / _STEPS).T
    height, width = masks.shape[1:]
    low, high = things.radii
    radius = min(height, width) * (low + (high - low) * larger)
    y = _centre(height, radius, lower, quarters & 1)
    x = _centre(width, radius, righter, quarters & 2)
    side = min(height, width, 2 * math.ceil(min(height, width) * high) + 2)
    down, across = (_window(c, side, n) for c, n in ((y, height), (x, width)))
    v = ((down + 0.5) - y[:, None]) / radius[:, None]
    u = ((across + 0.5) - x[:, None]) / radius[:, None]
    u, v = _turned(u[:, None, :], v[:, :, None], (2 * turned - 1) * things.turn)
    alpha, kinds = things.cover(picks[:, 0], v, u)
    place = rows[:, None, None], down[:, :, None], across[:, None, :]
    ground = images[place].astype(np.int64)
    several = textures(split, (1, 1), colours.reshape(-1, N_DRAWS))
    colour = _unlike(ground.mean((1, 2)), several)[:, None, None]
    images[place] = np.rint(ground + alpha[..., None] * (colour - ground)).astype(np.uint8)
    masks[place] = np.where(alpha > 0.5, kinds[:, None, None], masks[place])


def _centre(length: int, radius: np.ndarray, share: np.ndarray, far: np.ndarray) -> np.ndarray:
    """Where a thing's centre is along one side: in its first half, or, mirrored, in the other."""
    near = radius + share * (length / 2 - 1.5 * radius)
    return np.where(far > 0, length - near, near)


def _window(centre: np.ndarray, side: int, length: int) -> np.ndarray:
    """The rows (or columns) `(m, side)` around a centre."""
    first = np.clip(np.floor(centre).astype(np.int64) - side // 2, 0, length - side)
    return first[:, None] + np.arange(side)


def _turned(u: np.ndarray, v: np.ndarray, turn: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    # Rounded, as sine and cosine of different processors differ in their last bits.
    angles = 2 * np.pi * turn[:, None, None]
    cos, sin = (np.rint(f(angles) * _STEPS) / _STEPS for f in (np.cos, np.sin))
    return cos * u + sin * v, cos * v - sin * u


def _unlike(ground: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Of some colours for each thing the one farthest from the mean of the ground: `(m, 3)`."""
    found = found.reshape(len(ground), -1, 3).astype(np.int64)
    distance = np.abs(found - np.rint(ground)[:, None]).sum(2)
    return np.take_along_axis(found, distance.argmax(1)[:, None, None], 1)[:, 0]
