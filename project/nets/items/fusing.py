"""HRNet's exchange between maps of several scales, which gives as many maps."""

from collections.abc import Sequence

from torch import Tensor, nn

from project.nets.fusion import Fusion
from project.nets.items._catalogue import Shape, item, plain, shown
from project.nets.items._values import Channels


class Largest(Fusion):
    """Of a fusion the largest map alone."""

    def forward(self, *branches: Tensor) -> Tensor:
        return super().forward(*branches)[0]


@item("fusion", inputs=(2, None))
def fusion(shapes: Sequence[Shape], *, outputs: Channels | None = None) -> nn.Module:
    """Each map, largest first, gets the sum of all, as in HRNet; `select` takes one of them.

    Source: Wang et al., "Deep High-Resolution Representation Learning for Visual Recognition",
    2020, section 3.2.
    """
    if any(len(shape) != 3 for shape in shapes):
        raise ValueError(f"fusion takes images of channels, height and width, not {shown(shapes)}")
    for before, after in zip(shapes, shapes[1:], strict=False):
        half = tuple((side + 1) // 2 for side in before[1:])
        if after[1:] != half:
            raise ValueError(
                f"fusion can't have {shown(shapes)}: after {plain(before)} comes what has half its"
                f" sides, rounded up, {plain(half)}; largest first"
            )
    if outputs is not None and outputs > len(shapes):
        raise ValueError(f"fusion of {len(shapes)} maps can't give {outputs}")
    channels = [shape[0] for shape in shapes]
    return Largest(channels, 1) if outputs == 1 else Fusion(channels, outputs)
