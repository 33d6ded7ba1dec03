"""The steps that all images go through, in training and ever after: nothing of them is random."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import torch
from torch import Tensor
from torch.nn.functional import interpolate, pad

from project.recipes._fields import Fields
from project.recipes.images import Images

Shape = tuple[int, int, int]
# What a colour adds to grey: ITU-R BT.601, as Pillow and torchvision have it.
_GREY = (0.299, 0.587, 0.114)
_LARGEST = 4096  # pixels a side


class Step(Protocol):
    """A step of the preprocessing; `place` is `file:line` of it."""

    place: str

    def __call__(self, images: Tensor) -> Tensor:
        """Images `(b, C, H, W)` float32 as they are after it."""

    def shape(self, before: Shape) -> Shape:
        """The shape of an image after it."""

    def misfits(self, images: Images) -> Iterator[str]:
        """Why it can't be done to such images: a line with the place for each reason."""


class Kind(NamedTuple):
    """A step's name in a file: its fields, the one that a value alone means, and what reads it."""

    known: tuple[str, ...]
    main: str | None
    read: Callable[[str, Fields], Step]


@dataclass(frozen=True)
class Resize:
    """Other numbers of pixels, by linear interpolation that averages over all of a smaller one."""

    place: str
    size: tuple[int, int]

    def __call__(self, images: Tensor) -> Tensor:
        return interpolate(images, self.size, mode="bilinear", antialias=True)

    def shape(self, before: Shape) -> Shape:
        """As of `Step`."""
        return before[0], *self.size

    def misfits(self, images: Images) -> Iterator[str]:
        """As of `Step`."""
        yield from _of_masks(self.place, "resize", images)


@dataclass(frozen=True)
class Pad:
    """More pixels at each side, of one value."""

    place: str
    sides: tuple[int, int]
    value: float

    def __call__(self, images: Tensor) -> Tensor:
        down, right = self.sides
        return pad(images, (right, right, down, down), value=self.value)

    def shape(self, before: Shape) -> Shape:
        """As of `Step`."""
        return before[0], before[1] + 2 * self.sides[0], before[2] + 2 * self.sides[1]

    def misfits(self, images: Images) -> Iterator[str]:
        """As of `Step`."""
        yield from _of_masks(self.place, "pad", images)


@dataclass(frozen=True)
class Crop:
    """The middle of images; where it can't be, the pixel above and to the left of it."""

    place: str
    size: tuple[int, int]

    def __call__(self, images: Tensor) -> Tensor:
        height, width = self.size
        top, left = (images.shape[2] - height) // 2, (images.shape[3] - width) // 2
        return images[:, :, top:, left:][:, :, :height, :width]

    def shape(self, before: Shape) -> Shape:
        """As of `Step`."""
        return before[0], *self.size

    def misfits(self, images: Images) -> Iterator[str]:
        """As of `Step`."""
        yield from _of_masks(self.place, "crop", images)
        if self.size[0] > images.shape[1] or self.size[1] > images.shape[2]:
            size, whole = ("x".join(map(str, each)) for each in (self.size, images.shape[1:]))
            yield f"{self.place}: crop takes {size} pixels of images of {whole}; pad them first"


@dataclass(frozen=True)
class Grey:
    """How bright each pixel is, in one channel or, the same, in three."""

    place: str
    channels: int

    def __call__(self, images: Tensor) -> Tensor:
        # Term by term: what a sum over channels rounds could depend on how many images there are.
        red, green, blue = (images[:, [i]] * share for i, share in enumerate(_GREY))
        return (red + green + blue).expand(-1, self.channels, -1, -1)

    def shape(self, before: Shape) -> Shape:
        """As of `Step`."""
        return self.channels, *before[1:]

    def misfits(self, images: Images) -> Iterator[str]:
        """As of `Step`."""
        if images.shape[0] != 3:
            yield f"{self.place}: grey needs images of 3 channels, not {images.shape[0]}"


@dataclass(frozen=True)
class Equalize:
    """Each image's levels spread so that each is as frequent, as far as they can be."""

    place: str

    def __call__(self, images: Tensor) -> Tensor:
        # As the operator of that name, but by what can be exported for any number of images.
        levels = images.round().clamp(0, 255).long().flatten(2)
        counts = images.new_zeros(*images.shape[:2], 256)
        counts = counts.scatter_add(2, levels, torch.ones_like(levels, dtype=counts.dtype))
        brightest = counts.gather(2, levels.amax(2, keepdim=True))
        step = ((levels.shape[2] - brightest) / 255).floor()
        table = (counts.cumsum(2) - counts + (step / 2).floor()) / step.clamp(min=1)
        same = torch.arange(256, dtype=counts.dtype, device=images.device)
        table = torch.where(step > 0, table.floor().clamp(0, 255), same)
        return table.gather(2, levels).view(images.shape)

    def shape(self, before: Shape) -> Shape:
        """As of `Step`."""
        return before

    def misfits(self, images: Images) -> Iterator[str]:
        """As of `Step`."""
        if not images.has_levels:
            yield f"{self.place}: equalize needs pixels of 0 to 255, and these are of any numbers"


@dataclass(frozen=True)
class Normalise:
    """What is taken off each channel, and what it is divided by; it comes last, by itself.

    Attributes:
        mean: of each channel, or one for all, in units of the pixel value / 255; of float32, of the
            value itself; None: measured over the training split.
        std: likewise.
    """

    place: str
    mean: tuple[float, ...] | None
    std: tuple[float, ...] | None

    def __call__(self, images: Tensor) -> Tensor:
        return images

    def shape(self, before: Shape) -> Shape:
        """As of `Step`."""
        return before

    def misfits(self, images: Images) -> Iterator[str]:
        """As of `Step`."""
        for name, values in (("mean", self.mean), ("std", self.std)):
            if values is not None and len(values) not in (1, images.shape[0]):
                of = f"{len(values)} numbers as {name} for images of {images.shape[0]} channels"
                yield f"{self.place}: normalise has {of}"


def _of_masks(place: str, name: str, images: Images) -> Iterator[str]:
    if images.kind == "masks":
        yield (
            f"{place}: {name} would make images of another size than their masks; --image-size and"
            " --fit, or --crop-size, size both"
        )


def _two(values: tuple[int, ...]) -> tuple[int, int]:
    return values[0], values[-1]


def _resize(place: str, fields: Fields) -> Step:
    return Resize(place, _two(fields.sides("size", 1, _LARGEST)))


def _pad(place: str, fields: Fields) -> Step:
    sides = _two(fields.sides("pixels", 0, _LARGEST // 2))
    return Pad(place, sides, fields.number("value", 0.0, -1e30, 1e30))


def _crop(place: str, fields: Fields) -> Step:
    return Crop(place, _two(fields.sides("size", 1, _LARGEST)))


def _grey(place: str, fields: Fields) -> Step:
    return Grey(place, fields.whole("channels", 1, (1, 3)))


def _normalise(place: str, fields: Fields) -> Step:
    return Normalise(place, fields.numbers("mean", -1e30), fields.numbers("std", 0.0))


STEPS: dict[str, Kind] = {
    "resize": Kind(("size",), "size", _resize),
    "pad": Kind(("pixels", "value"), "pixels", _pad),
    "crop": Kind(("size",), "size", _crop),
    "grey": Kind(("channels",), "channels", _grey),
    "equalize": Kind((), None, lambda place, fields: Equalize(place)),
    "normalise": Kind(("mean", "std"), None, _normalise),
}
