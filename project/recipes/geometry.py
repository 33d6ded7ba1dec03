"""Where each pixel of an output comes from: one geometry for images, their masks, and boxes."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple, Self

import torch
from torch import Tensor
from torch.nn.functional import grid_sample

# Of a point in homogeneous coordinates, as the columns of a matrix meet it.
_SAME = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


class Geometry(NamedTuple):
    """For each of b images of one size the place in it that each pixel of the output shows.

    The pixel at p, `(x, y)` in pixels to the right of and below the image's centre, shows the place
    `matrix (p + field(p))`, kept within `inside`.

    Attributes:
        matrix: `(b, 3, 3)` float64, of homogeneous coordinates.
        field: `(b, 2, H, W)` float32, in pixels, x before y; None: none.
        inside: `(b, 4)` float64, the least x and y and the largest; None: wherever it is.
        affine: whether the last row of each matrix is 0, 0, 1.
        whole: whether pixels come from whole pixels, so that nothing is interpolated.
        leaves: whether places may be outside of the image; else its edge goes on forever.
    """

    matrix: Tensor
    field: Tensor | None = None
    inside: Tensor | None = None
    affine: bool = True
    whole: bool = False
    leaves: bool = True

    def then(self, following: Self) -> Self | None:
        """Both as one, so that pixels are interpolated once; None: they can't be one.

        What the first moves out of the image is there again where the second moves it in. Of a
        resized crop the surroundings may be seen, where the whole alone would end at its edge.
        """
        if self.field is not None:
            return None
        matrix = product(self.matrix, following.matrix)
        return type(self)(matrix, following.field, None, *_flags((self, following)))

    def sample(self, images: Tensor, outside: float = 0) -> Tensor:
        """What the outputs show of images `(b, C, H, W)` float32, interpolated linearly."""
        mode = "nearest" if self.whole else "bilinear"
        return self._sampled(images, outside, mode)

    def sample_masks(self, masks: Tensor, outside: int) -> Tensor:
        """The same of masks `(b, H, W)` uint8: the nearest pixel's value."""
        moved = self._sampled(masks.unsqueeze(1).float(), outside, "nearest")
        return moved.squeeze(1).to(masks.dtype)

    def _sampled(self, images: Tensor, outside: float, mode: str) -> Tensor:
        padding = "zeros" if self.leaves else "border"
        grid = self.grid(*images.shape[2:])
        if not (outside and self.leaves):
            return grid_sample(images, grid, mode, padding, align_corners=False)
        moved = grid_sample(images - outside, grid, mode, padding, align_corners=False)
        return moved.add_(outside)

    def grid(self, height: int, width: int) -> Tensor:
        """`(b, H, W, 2)` float32 of each output pixel's place, as `grid_sample` counts: -1 to 1."""
        m = self.matrix
        # Half a side is 1. Scaled before, so that whole images are met by one operation each.
        sides = m.new_tensor([2 / width, 2 / height, 1])
        a, b, c = (m * sides[:, None]).float()[:, None, None].unbind(4)  # (b, 1, 1, 3) each
        x, y = _pixels(height, width, m.device)
        if self.field is not None:
            x, y = x + self.field[:, 0, ..., None], y + self.field[:, 1, ..., None]
        of_x, of_y = a * x + c, b * y
        # Both coordinates as one complex number: four times as fast as two sums of real ones.
        grid = torch.view_as_real(_complex(of_x) + _complex(of_y))
        if not self.affine:
            grid = grid / (of_x[..., 2:] + of_y[..., 2:])
        if self.inside is not None:
            low, high = (self.inside.view(-1, 1, 1, 2, 2) * sides[:2]).float().unbind(3)
            grid = torch.minimum(torch.maximum(grid, low), high)
        return grid


def matrices(like: Tensor, rows: Sequence[Sequence[Tensor | float]]) -> Tensor:
    """`(b, 3, 3)` float64 of rows of numbers and `(b,)` tensors, where `like` `(b,)` is.

    Where two rows are given, the third is that of an affine map.
    """
    flat = [value for row in [*rows, _SAME[2]][:3] for value in row]
    numbers = [0.0 if isinstance(value, Tensor) else float(value) for value in flat]
    matrix = like.new_tensor(numbers).repeat(len(like), 1)
    for i, value in enumerate(flat):
        if isinstance(value, Tensor):
            matrix[:, i] = value
    return matrix.view(-1, 3, 3)


def product(first: Tensor, second: Tensor) -> Tensor:
    """Matrix products `(b, 3, 3)`, whose rounding does not depend on how many there are."""
    terms = first[:, :, :, None] * second[:, None, :, :]
    return terms[:, :, 0] + terms[:, :, 1] + terms[:, :, 2]


def _flags(parts: Sequence[Geometry]) -> tuple[bool, bool, bool]:
    affine, whole = (all(part[i] for part in parts) for i in (3, 4))
    return affine, whole, any(part.leaves for part in parts)


@lru_cache(maxsize=8)
def _pixels(height: int, width: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """x `(1, W, 1)` and y `(H, 1, 1)` of each pixel's middle, from the image's centre."""
    x, y = (torch.arange(n, device=device) - (n - 1) / 2 for n in (width, height))
    return x.view(1, -1, 1), y.view(-1, 1, 1)


def _complex(of_three: Tensor) -> Tensor:
    return torch.view_as_complex(of_three[..., :2].contiguous())
