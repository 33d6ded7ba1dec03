"""Hyperparameters as vectors of one length for each space, and how far apart two of them are."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from zlib import crc32

import numpy as np

from project import plugs
from project.metadataset.ranges import NUMBER, SEVERAL, TEXT, Axis, axes_of, axes_of_search

# Texts of any kind, such as a module's name, have one of so many places, by their hash.
_PLACES = 8


class HyperparametersEmbedding:
    """Vectors of the settings of one space.

    A number is its position in its range, from 0 to 1, on a logarithmic scale where the range has
    one; of a choice there is a 1 at its place and 0 elsewhere, of several at each of theirs; and of
    each hyperparameter 1 or 0 for whether it is there at all. Where it is not, its places are 0.

    Attributes:
        axes: the hyperparameters.
        columns: what each number of a vector says, as `learning_rate`, `optimizer=adamw` and
            `has dropout`.
    """

    def __init__(self, axes: Iterable[Axis]) -> None:
        self.axes = tuple(axes)
        values = [name for axis in self.axes for name in _columns(axis)]
        self.columns = (*values, *(f"has {axis.name}" for axis in self.axes))

    @classmethod
    def of_runs(cls, space: Mapping[str, Any]) -> "HyperparametersEmbedding":
        """That of a row of `hyperparameter_space`."""
        return cls(axes_of(space))

    @classmethod
    def of_search(cls, space: Any) -> "HyperparametersEmbedding":
        """That of a sweep's space, `project.search.space.Space`."""
        return cls(axes_of_search(space.dimensions))

    def __call__(self, settings: Sequence[Mapping[str, Any]]) -> np.ndarray:
        """The vectors of settings.

        Args:
            settings: of each its hyperparameters by name, as `plugs.flat` has a record's; None is
                as good as absent, and what is in no axis is passed over.
        Returns:
            `(len(settings), len(columns))` float64, all from 0 to 1.
        """
        found = np.zeros((len(settings), len(self.columns)))
        at, mask = 0, len(self.columns) - len(self.axes)
        for index, axis in enumerate(self.axes):
            end = at + _width(axis)
            # Most settings share most of their values.
            known: dict[str, np.ndarray] = {}
            for row, setting in zip(found, settings, strict=True):
                if (value := setting.get(axis.name)) is not None:
                    if (key := repr(value)) not in known:
                        known[key] = _places(axis, value)
                    row[at:end] = known[key]
                    row[mask + index] = 1.0
            at = end
        return found

    def distances(self, one: np.ndarray, others: np.ndarray) -> np.ndarray:
        """How far settings are from one, from 0 to 1: the mean over the hyperparameters of any.

        Of a number it is the difference of the positions, of a choice 0 or 1, of several the share
        that only one of both has; 1 where only one has the hyperparameter. (Gower, Biometrics 1971,
        with absence as a difference.)

        Args:
            one: `(len(columns),)`.
            others: `(n, len(columns))`.
        Returns:
            `(n,)` float64.
        """
        mask = len(self.columns) - len(self.axes)
        total, count, at = np.zeros(len(others)), np.zeros(len(others)), 0
        for index, axis in enumerate(self.axes):
            end = at + _width(axis)
            part = _apart(axis, one[at:end], others[:, at:end])
            mine, theirs = one[mask + index] > 0, others[:, mask + index] > 0
            total += np.where(theirs != mine, 1.0, part)
            count += theirs | mine
            at = end
        return total / np.maximum(count, 1)


def _columns(axis: Axis) -> list[str]:
    if axis.kind == NUMBER:
        return [axis.name]
    places = [*axis.choices, "other"] if axis.kind != TEXT else [f"#{i}" for i in range(_PLACES)]
    return [f"{axis.name}={'none' if place is None else place}" for place in places]


def _width(axis: Axis) -> int:
    return len(_columns(axis))


def _places(axis: Axis, value: Any) -> np.ndarray:
    """What a vector holds of one hyperparameter."""
    if axis.kind == NUMBER:
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return np.array([axis.position(float(value)) if number and value == value else 0.0])
    found = np.zeros(_width(axis))
    if axis.kind == TEXT:
        found[crc32(str(value).encode(errors="replace")) % _PLACES] = 1.0
        return found
    several = value if axis.kind == SEVERAL and isinstance(value, (list, tuple)) else [value]
    for each in several:
        found[_index(axis, each)] = 1.0
    return found


def _index(axis: Axis, value: Any) -> int:
    """The place of a choice; the last one is that of all others."""
    if isinstance(value, (list, tuple)):  # words of one flag, as a sweep's choices have them
        value = " ".join(map(str, value))
    # Of a plug, `torchvision:resnet18` and `dice*0.5`, its name tells.
    plug = plugs.unweighted(value).partition(":")[0] if isinstance(value, str) else value
    for wanted in (value, plug):
        for index, each in enumerate(axis.choices):
            if each == wanted and isinstance(each, bool) == isinstance(wanted, bool):
                return index
    return len(axis.choices)


def _apart(axis: Axis, one: np.ndarray, others: np.ndarray) -> np.ndarray:
    differences = np.abs(others - one).sum(axis=1)
    if axis.kind == SEVERAL:
        either = np.maximum(others, one).sum(axis=1)
        return differences / np.maximum(either, 1.0)
    return differences if axis.kind == NUMBER else differences / 2
