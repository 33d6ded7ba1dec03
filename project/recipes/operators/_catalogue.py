"""What an operator of a recipe is, and by which name it is found.

Images are a block `(b, C, H, W)` float32 of grey levels 0 to 255, or of any values where the data
are float32; levels between whole ones stay, until an operator needs whole ones and rounds.
Each image has its own `strength`, `(b,)` float64, drawn from a range of the recipe, and its own
further random numbers `draws`, `(b, n_draws)` float64 in [0, 1), of which an operator draws places,
signs and the seeds of its noise. What an image becomes depends on nothing else: not on the others
in its block, nor on how many there are, not by one bit.

An operator of colour makes new images of old ones:

    def brightness(images: Tensor, strength: Tensor, draws: Tensor) -> Tensor

One of geometry says of images of `size = (H, W)` where each output pixel comes from, so that masks
and images move alike, and several geometries in a row are one (`Geometry.then`):

    def rotate(size: tuple[int, int], strength: Tensor, draws: Tensor) -> Geometry

A composite chooses operators for each image. It is called as those of colour are; it moves what
images show, and can't tell where to, so that masks are refused.

What a recipe sets once for all images, such as the width of a blur, are keyword arguments with
defaults. Input is never changed in place.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["geometry", "colour", "composite"]
Range = tuple[float, float]


@dataclass(frozen=True)
class Operator:
    """One operator, and what a recipe may ask of it.

    Attributes:
        name: in recipes.
        kind: "geometry" has the second signature, "colour" and "composite" have the first.
        apply: the function.
        summary: its docstring's first line.
        range: from which strengths are drawn where a recipe does not say; None: it has no strength,
            and is handed zeros.
        bounds: what strengths there can be.
        unit: of the strength.
        neutral: the strength that changes nothing; None: there is none.
        n_draws: how many further random numbers it takes.
        channels: how many channels images must have; None: any number.
        levels: whether it needs grey levels 0 to 255, so that data in float32 are refused.
        limits: from and to which numbers an option may be; of two, the second is not the less.
        options: keyword arguments with their defaults.
    """

    name: str
    kind: Kind
    apply: Callable[..., Any]
    summary: str
    range: Range | None = None
    bounds: Range | None = None
    unit: str = ""
    neutral: float | None = None
    n_draws: int = 0
    channels: tuple[int, ...] | None = None
    levels: bool = False
    limits: dict[str, Range] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)


OPERATORS: dict[str, Operator] = {}


def operator(name: str, kind: Kind, **facts: Any) -> Callable[[Callable], Callable]:
    """Enter a function into the catalogue; see `Operator` for the facts."""

    def entered(function: Callable) -> Callable:
        assert name not in OPERATORS, f"{name} is there twice"
        parameters = inspect.signature(function).parameters.values()
        options = {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}
        summary = (function.__doc__ or "").partition("\n")[0]
        OPERATORS[name] = Operator(name, kind, function, summary, options=options, **facts)
        return function

    return entered
