"""What torchvision, NumPy and SciPy make of one image, for each operator of recipes."""

import math
from collections.abc import Callable

import numpy as np
import torch
from scipy.stats import norm
from torch import Tensor
from torch.nn.functional import interpolate, pad
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2 import functional as F

LINEAR = {"interpolation": InterpolationMode.BILINEAR}
Draws = list[float]


def affine(image: Tensor, **changed: object) -> Tensor:
    usual = {"angle": 0.0, "translate": [0, 0], "scale": 1.0, "shear": [0.0, 0.0]}
    return F.affine(image, **(usual | changed), **LINEAR)


def sheared(s: float) -> float:
    return math.degrees(math.atan(s))


def box(image: Tensor, s: float, draws: Draws, low: float, high: float) -> list[int]:
    """Top, left, height, width of a box of that share of the area."""
    height, width = image.shape[1:]
    ratio = math.exp(math.log(low) + draws[0] * (math.log(high) - math.log(low)))
    tall = min(max(round(math.sqrt(s * height * width / ratio)), 1), height)
    wide = min(max(round(math.sqrt(s * height * width * ratio)), 1), width)
    top, left = int(draws[1] * (height - tall + 1)), int(draws[2] * (width - wide + 1))
    return [top, left, tall, wide]


def cropped(image: Tensor, s: float, draws: Draws) -> Tensor:
    height, width = image.shape[1:]
    down, right = round(s * height), round(s * width)
    top, left = int(draws[0] * (2 * down + 1)), int(draws[1] * (2 * right + 1))
    return F.crop(pad(image, (right, right, down, down)), top, left, height, width)


def resized_crop(image: Tensor, s: float, draws: Draws) -> Tensor:
    where = box(image, s, draws, 3 / 4, 4 / 3)
    return F.resized_crop(image, *where, image.shape[1:], **LINEAR, antialias=False)


def erased(image: Tensor, s: float, draws: Draws) -> Tensor:
    where = box(image, s, draws, 0.3, 10 / 3)
    return F.erase(image, *where, torch.zeros(1, dtype=torch.uint8))


def cut_out(image: Tensor, s: float, draws: Draws) -> Tensor:
    (height, width), after = image.shape[1:], image.clone()
    tall, wide = round(s * height), round(s * width)
    top, left = int(draws[0] * height) - tall // 2, int(draws[1] * width) - wide // 2
    rows, columns = slice(max(top, 0), top + tall), slice(max(left, 0), left + wide)
    after[:, rows, columns] = 0
    return after


def perspective(image: Tensor, s: float, draws: Draws) -> Tensor:
    height, width = image.shape[1:]
    x, y = [d * s * width / 2 for d in draws[:4]], [d * s * height / 2 for d in draws[4:]]
    right, bottom = width - 1, height - 1
    start = [[0, 0], [right, 0], [right, bottom], [0, bottom]]
    end = [
        *([x[0], y[0]], [right - x[1], y[1]]),
        *([right - x[2], bottom - y[2]], [x[3], bottom - y[3]]),
    ]
    return F.perspective(image, start, end, **LINEAR)


def mixed(word: int) -> int:
    """SplitMix64's output, in Python's whole numbers."""
    word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
    word = (word ^ (word >> 27)) * 0x94D049BB133111EB % 2**64
    return word ^ (word >> 31)


def normals(seed: float, n: int) -> np.ndarray:
    """Four of each word, its lowest 16 bits first, as parts of the normal distribution."""
    key = mixed(int(seed * 2**53))
    words = [mixed((key + 0x9E3779B97F4A7C15 * i) % 2**64) for i in range(1, n // 4 + 2)]
    signed = np.array([word >> shift & 0xFFFF for word in words for shift in (0, 16, 32, 48)])
    parts = np.where(signed < 2**15, signed + 2**15, signed - 2**15)[:n]
    return norm.ppf((parts + 0.5) / 2**16)


def noisy(image: Tensor, s: float, draws: Draws) -> Tensor:
    found = torch.from_numpy(normals(draws[0], image.numel())).view(image.shape)
    return (image + s * found).clamp(0, 255)


def elastic(image: Tensor, s: float, draws: Draws) -> Tensor:
    height, width = image.shape[1:]
    coarse = torch.from_numpy(normals(draws[0], 18)).view(1, 2, 3, 3) * s
    shifts = interpolate(coarse, (height, width), mode="bicubic", align_corners=True)
    # As torchvision counts: a side is 2.
    sides = torch.tensor([2 / width, 2 / height])
    return F.elastic(image, (shifts[0].permute(1, 2, 0) * sides)[None].float(), **LINEAR)


# Of each operator what becomes of one image (C, H, W) uint8, at that strength, with those draws.
REFERENCES: dict[str, Callable[[Tensor, float, Draws], Tensor]] = {
    "flip": lambda image, s, _: F.horizontal_flip(image),
    "flip-vertical": lambda image, s, _: F.vertical_flip(image),
    "rotate": lambda image, s, _: F.rotate(image, s, **LINEAR),
    "shear-x": lambda image, s, _: affine(image, shear=[sheared(s), 0.0]),
    "shear-y": lambda image, s, _: affine(image, shear=[0.0, sheared(s)]),
    "translate-x": lambda image, s, _: affine(image, translate=[s * image.shape[2], 0]),
    "translate-y": lambda image, s, _: affine(image, translate=[0, s * image.shape[1]]),
    "scale": lambda image, s, _: affine(image, scale=s),
    "crop": cropped,
    "resized-crop": resized_crop,
    "perspective": perspective,
    "elastic": elastic,
    "brightness": lambda image, s, _: F.adjust_brightness(image, s),
    "contrast": lambda image, s, _: F.adjust_contrast(image, s),
    "saturation": lambda image, s, _: F.adjust_saturation(image, s),
    "hue": lambda image, s, _: F.adjust_hue(image, s),
    "gamma": lambda image, s, _: F.adjust_gamma(image, s),
    "invert": lambda image, s, _: F.invert(image),
    "posterize": lambda image, s, _: F.posterize(image, int(s)),
    "solarize": lambda image, s, _: F.solarize(image, s) if s <= 255 else image,
    "autocontrast": lambda image, s, _: F.autocontrast(image),
    "equalize": lambda image, s, _: F.equalize(image),
    "blur": lambda image, s, _: F.gaussian_blur(image, [5, 5], [s, s]),
    "sharpness": lambda image, s, _: F.adjust_sharpness(image, s),
    "noise": noisy,
    "erase": erased,
    "cutout": cut_out,
}
