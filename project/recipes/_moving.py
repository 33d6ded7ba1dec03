"""A block of images on its way through a recipe: where pixels come from is applied late, and once.

What becomes of an image depends on what is done to it alone, not by one bit on the others in its
block: how pixels are taken is decided image by image.
"""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from project.recipes.geometry import Geometry, product

# What is known of an image's pending geometry.
_PENDING, _FIELD, _INSIDE, _AFFINE, _WHOLE, _LEAVES = (1 << bit for bit in range(6))
# Which images `(n,)` int64 were moved, all where that is None, and how; in the order of moving.
Moves = list[tuple[Tensor | None, Geometry]]
OUTSIDE = 0.0  # what images show of what they had not: black


class Moving:
    """Images, each with the geometry that it is still to be moved by.

    Args:
        images: `(b, C, H, W)` float32; never changed in place.
        is_followed: whether to remember all moves, for what is true of the images.
        others: as many images, each one's partner, if they are mixed.

    Attributes:
        others: likewise.
        shares: `(b,)` float64, what is left of each image itself, where partners were mixed in.
        moves: those that were done.
    """

    def __init__(
        self, images: Tensor, is_followed: bool = False, others: "Moving | None" = None
    ) -> None:
        self._images, self._is_followed = images, is_followed
        self._codes = np.zeros(len(images), np.uint8)
        self.others, self.shares = others, np.ones(len(images))
        self._matrix: Tensor | None = None
        self._field: Tensor | None = None
        self._inside: Tensor | None = None
        self.moves: Moves = []

    def __len__(self) -> int:
        return len(self._images)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        return self._images.shape[2], self._images.shape[3]

    @property
    def device(self) -> torch.device:
        """Where the images are."""
        return self._images.device

    def images(self) -> Tensor:
        """All images, moved: `(b, C, H, W)`."""
        self._settle(np.arange(len(self)))
        return self._images

    def at(self, rows: np.ndarray) -> Tensor:
        """The images at `rows` `(n,)` int64, moved: `(n, C, H, W)`."""
        self._settle(rows)
        return self._images[self._index(rows)] if len(rows) < len(self) else self._images

    def replace(self, rows: np.ndarray, images: Tensor) -> None:
        """Put other images `(n, C, H, W)` at `rows`, whose moves are done."""
        if len(rows) == len(self):
            self._images = images
        else:
            self._images = self._images.index_copy(0, self._index(rows), images)

    def move(self, rows: np.ndarray, geometry: Geometry) -> None:
        """Let the images at `rows` be moved by a geometry of as many, after all before."""
        self._settle(rows[(self._codes[rows] & _FIELD) > 0])
        known, index = self._codes[rows], self._index(rows)
        if self._matrix is None:
            one = torch.eye(3, dtype=geometry.matrix.dtype, device=self.device)
            self._matrix = one.repeat(len(self), 1, 1)
        # Where nothing is pending it is the unit matrix, which a product does not round.
        both = product(self._matrix[index], geometry.matrix)
        self._matrix = self._matrix.index_copy(0, index, both)
        self._field = self._kept(self._field, geometry.field, index)
        self._inside = self._kept(self._inside, geometry.inside, index)
        self._codes[rows] = _followed(known, geometry)

    def _kept(self, every: Tensor | None, part: Tensor | None, index: Tensor) -> Tensor | None:
        """What is kept of each image, with that of some."""
        if part is None:
            return every
        if every is None:
            every = part.new_zeros(len(self), *part.shape[1:])
        return every.index_copy(0, index, part)

    def _settle(self, rows: np.ndarray) -> None:
        """Do what is pending, of images at `rows`; those with geometries of one kind at once."""
        codes = self._codes[rows]
        for code in np.unique(codes[codes > 0]):
            of_kind = rows[codes == code]
            index = self._index(of_kind)
            geometry = self._geometry(int(code), index)
            whole = len(of_kind) == len(self)
            images = geometry.sample(self._images if whole else self._images[index], OUTSIDE)
            self.replace(of_kind, images)
            if self._is_followed:
                self.moves.append((None if whole else index, geometry))
            self._matrix = self._matrix.index_copy(0, index, _units(self._matrix, len(index)))
        self._codes[rows] = 0

    def _geometry(self, code: int, index: Tensor) -> Geometry:
        field = self._field[index] if code & _FIELD else None
        inside = self._inside[index] if code & _INSIDE else None
        flags = (bool(code & bit) for bit in (_AFFINE, _WHOLE, _LEAVES))
        return Geometry(self._matrix[index], field, inside, *flags)

    def _index(self, rows: np.ndarray) -> Tensor:
        return to_device(torch.from_numpy(rows), self.device)


def to_device(values: Tensor, device: torch.device) -> Tensor:
    """Numbers of the CPU on a device; a copy from memory that is not pinned would wait for it."""
    return values.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else values


def followed(moves: Moves, masks: Tensor, outside: int) -> Tensor:
    """Masks `(b, 1, H, W)` uint8 as images were moved; what is outside of them is of a value."""
    for index, geometry in moves:
        some = masks if index is None else masks[index]
        some = geometry.sample_masks(some.squeeze(1), outside).unsqueeze(1)
        masks = some if index is None else masks.index_copy(0, index, some)
    return masks


def _units(like: Tensor, n: int) -> Tensor:
    return torch.eye(3, dtype=like.dtype, device=like.device).expand(n, 3, 3)


def _followed(known: np.ndarray, after: Geometry) -> np.ndarray:
    """The codes of geometries, `known` of each image, with another after them.

    As `Geometry.then`: of both the field is the second's, and neither ends inside of anything.
    """
    field, inside = after.field is not None, after.inside is not None
    of_first = np.where(known > 0, 0, _INSIDE * inside)
    affine = _AFFINE * after.affine & np.where(known > 0, known, 255)
    whole = _WHOLE * after.whole & np.where(known > 0, known, 255)
    leaves = _LEAVES * after.leaves | known & _LEAVES
    return (_PENDING | _FIELD * field | of_first | affine | whole | leaves).astype(np.uint8)


def rows_by(values: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Each whole number among `values` `(n,)`, in order, with where it is."""
    for value in np.unique(values):
        yield int(value), np.flatnonzero(values == value)
