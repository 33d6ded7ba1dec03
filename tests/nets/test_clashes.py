"""What each item refuses: shapes and arguments that clash, told with the shapes."""

from typing import Any

import pytest
import torch
from torch import nn

from project.nets.items import Shape
from tests.nets.making import build

LINE, IMAGE = (8, 9), (8, 9, 6)
CLASHES: list[tuple[str, list[Shape], dict[str, Any], str]] = [
    ("linear", [IMAGE], {"out": 3}, "linear takes features alone, not 8x9x6: put flatten"),
    ("conv", [(7,)], {"out": 3}, "conv takes maps of 1 to 3 sides with channels before, not 7"),
    ("conv", [IMAGE], {"out": 3, "kernel": (3, 3, 3)}, "kernel has 3 numbers, but the map 2 sides"),
    ("conv", [IMAGE], {"out": 3, "groups": 3}, "8 channels of 8x9x6 and out: 3 by groups: 3"),
    ("conv", [(8, 2, 2)], {"out": 3, "padding": 0}, "leaves nothing of 8x2x2: its window has 3x3"),
    ("conv", [(8, 1, 1)], {"out": 3, "norm": "instance"}, "instance leaves nothing of 3x1x1"),
    ("depthwise", [(7,)], {}, "depthwise takes maps"),
    ("separable", [(8, 1, 1)], {"out": 3, "norm": "instance"}, "nothing of 8x1x1: one value"),
    ("conv_transpose", [IMAGE], {"out": 3, "output_padding": 2}, "2x2 must be smaller than"),
    ("conv_transpose", [(8, 1, 1)], {"out": 3, "padding": 1}, "leaves nothing of 8x1x1: 0x0"),
    ("reshape", [IMAGE], {"shape": [4, 4]}, "reshape has 432 values of 8x9x6, but 4x4 holds 16"),
    ("dropout", [(7,)], {"p": 0.1, "kind": "channels"}, "dropout of kind: channels takes maps"),
    ("norm", [IMAGE], {"kind": "group", "groups": 3}, "can't divide 8 channels of 8x9x6 by 3"),
    ("norm", [IMAGE], {"groups": 2}, "groups are of kind: group, not of kind: batch"),
    ("norm", [(7,)], {"kind": "instance"}, "leaves nothing of 7: one value"),
    ("pool", [(8, 1, 1)], {}, "pool leaves nothing of 8x1x1: its window has 2x2"),
    ("pool", [(8, 1, 1)], {"size": 5, "stride": 2, "ceil": True}, "leaves nothing"),
    ("pool", [IMAGE], {"padding": 2}, "pool's padding 2x2 is more than half its 2x2"),
    ("eca", [IMAGE], {"kernel": 4}, "eca needs an odd kernel, not 4"),
    ("attention_gate", [LINE, IMAGE], {}, "8x9 and 8x9x6: they have not as many sides"),
    ("attention_gate", [IMAGE, (8, 1, 1)], {}, "with factor: 2 leaves nothing of 8x1x1"),
    ("pixel_shuffle", [IMAGE], {"factor": 3}, "needs channels in multiples of 9, not 8 of 8x9x6"),
    ("pixel_unshuffle", [IMAGE], {}, "by 2 needs sides in its multiples: 8x9x6"),
    ("pixel_shuffle", [LINE], {}, "takes images of channels, height and width, not 8x9"),
    ("resize", [IMAGE], {}, "resize needs either a size or the map to be like"),
    ("resize", [IMAGE, LINE], {}, "8x9x6 and 8x9: they have not as many sides"),
    ("crop", [IMAGE, (3, 10, 6)], {}, "crop can't cut 8x9x6 and 3x10x6"),
    ("residual", [IMAGE, (4, 9, 6)], {}, "residual can't have 8x9x6 and 4x9x6: their channels"),
    ("residual", [IMAGE, (8, 4, 3)], {}, "8x9x6 and 8x4x3: their sizes differ; resize: true"),
    ("dense", [IMAGE, (4, 4, 3)], {}, "dense can't have 8x9x6 and 4x4x3: their sizes differ"),
    ("join", [IMAGE] * 3, {"kind": "absdiff"}, "absdiff takes two inputs, not 3"),
    ("join", [(7,), (5,)], {"kind": "mean"}, "join of kind: mean can't have 7 and 5"),
    (
        "fusion",
        [IMAGE, (8, 4, 3)],
        {},
        "8x9x6 and 8x4x3: after 8x9x6 comes what has half its sides",
    ),
    ("fusion", [LINE, (8, 5)], {}, "fusion takes images of channels, height and width, not 8x9"),
    ("fusion", [IMAGE, (8, 5, 3)], {"outputs": 3}, "fusion of 2 maps can't give 3"),
]


def test_what_clashes_is_told_with_its_shapes() -> None:
    for name, shapes, arguments, message in CLASHES:
        with pytest.raises(ValueError) as told:
            build(name, shapes, **arguments)
        assert message in str(told.value) and "\n" not in str(told.value), name


def test_pools_refuse_no_more_than_torch_does() -> None:
    """Over all small windows: refused here exactly where PyTorch's own pooling fails."""
    for side in range(1, 6):
        for size in range(1, 6):
            for stride in range(1, 4):
                for ceil in (False, True):
                    theirs = nn.MaxPool2d(size, stride, ceil_mode=ceil)
                    arguments = {"size": size, "stride": stride, "ceil": ceil}
                    shape = (2, side, side)
                    try:
                        expected = theirs(torch.zeros(1, *shape)).shape
                    except RuntimeError:
                        with pytest.raises(ValueError, match="leaves nothing"):
                            build("pool", [shape], **arguments)
                        continue
                    assert (
                        build("pool", [shape], **arguments)(torch.zeros(1, *shape)).shape
                        == expected
                    )
