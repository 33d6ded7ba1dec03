"""RandAugment, TrivialAugment and AugMix: operators that choose among others for each image."""

import torch
from torch import Tensor

from project.recipes.operators._catalogue import operator
from project.recipes.operators._chosen import Choice, InTurn
from project.recipes.operators._numbers import uniform
from project.recipes.operators._pixels import each

_AT_ONCE = 2**21  # values of images in the processor's caches while operators change them
_NOTHING = Choice("")
_LEVELS = (Choice("autocontrast"), Choice("equalize"))


def _moves(shear: float, shift: tuple[float, float], turn: float) -> tuple[Choice, ...]:
    """Operators of geometry with their largest strengths; shifts down and to the right."""
    return (
        Choice("shear-x", 0, shear, True),
        Choice("shear-y", 0, shear, True),
        Choice("translate-y", 0, shift[0], True),
        Choice("translate-x", 0, shift[1], True),
        Choice("rotate", 0, turn, True),
    )


def _shades(most: float) -> tuple[Choice, ...]:
    names = "brightness", "saturation", "contrast", "sharpness"
    return tuple(Choice(name, 1, 1 + most, True) for name in names)


def _steps(bits: tuple[int, int]) -> tuple[Choice, ...]:
    # Half a bit more: operators take the whole part, and the nearest is meant.
    posterize = Choice("posterize", bits[0] + 0.5, bits[1] + 0.5)
    return (posterize, Choice("solarize", 256, 0), *_LEVELS)


@operator(
    "randaugment",
    "composite",
    range=(0.3, 0.3),
    bounds=(0, 1),
    unit="of the largest",
    n_draws=1,
    limits={"operators": (1, 20)},
    levels=True,
)
def randaugment(images: Tensor, strength: Tensor, draws: Tensor, *, operators: int = 2) -> Tensor:
    """So many of 14 operators, one after another, each at that share of its largest strength.

    Source: Cubuk et al., "RandAugment", 2020; operators and strengths as torchvision has them.
    """
    among = (_NOTHING, *_moves(0.3, (150 / 331, 150 / 331), 30), *_shades(0.9), *_steps((8, 4)))
    numbers = uniform(draws[:, 0], 2 * operators).view(-1, operators, 2)
    changed = images.clone()
    turns = InTurn(changed, among)
    for i in range(operators):
        turns.apply(*_drawn(numbers[:, i], len(among)), strength)
    turns.end()
    return changed


@operator("trivialaugment", "composite", n_draws=1, levels=True)
def trivialaugment(images: Tensor, strength: Tensor, draws: Tensor) -> Tensor:
    """One of 14 operators, at any strength, of a wide range.

    Source: Müller and Hutter, "TrivialAugment", 2021, with its wide space.
    """
    # Shifts are by up to 32 pixels, whatever the image's size.
    shifts = tuple(min(1.0, 32 / side) for side in images.shape[2:])
    among = (_NOTHING, *_moves(0.99, shifts, 135), *_shades(0.99), *_steps((8, 2)))
    numbers = uniform(draws[:, 0], 3)
    changed = images.clone()
    turns = InTurn(changed, among)
    turns.apply(*_drawn(numbers[:, :2], len(among)), numbers[:, 2])
    turns.end()
    return changed


@operator(
    "augmix",
    "composite",
    range=(3, 3),
    bounds=(0.1, 10),
    unit="of 10",
    n_draws=1,
    limits={"chains": (1, 20), "depth": (1, 20)},
    levels=True,
)
def augmix(
    images: Tensor,
    strength: Tensor,
    draws: Tensor,
    *,
    chains: int = 3,
    depth: tuple[int, int] = (1, 3),
) -> Tensor:
    """The image mixed with chains of operators, each at up to that severity.

    (1 - m) x + m sum_i w_i chain_i(x), with w of Dirichlet(1) and m of Beta(1, 1). A chain is as
    many operators as `depth` says, any of shear, translate, rotate, posterize, solarize,
    autocontrast and equalize: none that the corrupted images of its benchmarks were made with.

    Source: Hendrycks et al., "AugMix", 2020, and its code, without its rounding to whole degrees
    and pixels; shears are about the image's middle.
    """
    at_once = max(1, _AT_ONCE // (chains * images[0].numel()))
    if images.device.type != "cpu" or len(images) <= at_once:
        return _augmix(images, strength, draws[:, 0], chains, depth)
    mixed = torch.empty_like(images)
    parts = images, strength, draws[:, 0], mixed
    for x, s, seed, to in zip(*(part.split(at_once) for part in parts), strict=True):
        to.copy_(_augmix(x, s, seed, chains, depth))
    return mixed


def _augmix(
    images: Tensor, severity: Tensor, seed: Tensor, chains: int, depth: tuple[int, int]
) -> Tensor:
    among = (*_moves(0.3, (1 / 3, 1 / 3), 30), *_steps((4, 0)))
    n, (shallow, deep) = len(images), depth
    numbers = uniform(seed, 1 + chains * (2 + 3 * deep))
    share, rest = numbers[:, 0], numbers[:, 1:].view(n, chains, 2 + 3 * deep)
    # Of exponential ones: normalised, they are of Dirichlet(1).
    weights = -torch.log1p(-rest[:, :, 0])
    weights = weights / weights.sum(1, keepdim=True) * share[:, None]
    depths = shallow + (rest[:, :, 1] * (deep - shallow + 1)).long()
    changed = images.repeat_interleave(chains, 0)
    turns = InTurn(changed, among)
    for i, step in enumerate(rest[:, :, 2:].reshape(n * chains, deep, 3).unbind(1)):
        chosen, sign = _drawn(step[:, :2], len(among))
        chosen = torch.where(depths.flatten() > i, chosen, -1)
        # Uniform from 0.1 to the severity, as the code has it.
        level = 0.1 + step[:, 2] * (severity.repeat_interleave(chains) - 0.1)
        turns.apply(chosen, sign, level / 10)
    turns.end()
    mixed = images * each(1 - share)
    for chain in changed.mul_(each(weights)).view(n, chains, *images.shape[1:]).unbind(1):
        mixed += chain
    return mixed


def _drawn(numbers: Tensor, n: int) -> tuple[Tensor, Tensor]:
    """Which of n, `(b,)` int64, and a sign, `(b,)`, of `(b, 2)` numbers from 0 to below 1."""
    return (numbers[:, 0] * n).long(), torch.where(numbers[:, 1] < 0.5, -1.0, 1.0)
