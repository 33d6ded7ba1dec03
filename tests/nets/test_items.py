"""Each item: the shape it gives, its values against NumPy and torchvision, and what it refuses."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from scipy.signal import correlate
from torch import Tensor, nn
from torchvision.ops import SqueezeExcitation

from project.nets.items import ITEMS, Shape

IMAGE, LINE, VOLUME = (8, 9, 6), (8, 9), (8, 4, 6, 5)
# Item, shapes of its inputs, arguments, shape of its output.
CASES: list[tuple[str, list[Shape], dict[str, Any], Shape]] = [
    ("conv", [IMAGE], {"out": 12}, (12, 9, 6)),
    ("conv", [LINE], {"out": 12, "norm": "batch", "act": "relu"}, (12, 9)),
    ("conv", [VOLUME], {"out": 4, "stride": 2, "norm": "instance"}, (4, 2, 3, 3)),
    ("conv", [IMAGE], {"out": 12, "kernel": (5, 3), "dilation": (2, 1)}, (12, 9, 6)),
    ("conv", [IMAGE], {"out": 12, "kernel": 2, "stride": 2, "groups": 4}, (12, 4, 3)),
    ("conv", [IMAGE], {"out": 12, "padding": 0, "norm": "group"}, (12, 7, 4)),
    ("depthwise", [IMAGE], {"times": 2, "norm": "layer", "act": "gelu"}, (16, 9, 6)),
    ("separable", [IMAGE], {"out": 12, "stride": 2, "act": "silu"}, (12, 5, 3)),
    ("conv_transpose", [IMAGE], {"out": 4, "norm": "batch", "act": "relu"}, (4, 18, 12)),
    ("conv_transpose", [LINE], {"out": 4, "kernel": 4, "padding": 1}, (4, 18)),
    ("conv_transpose", [VOLUME], {"out": 4, "kernel": 3, "output_padding": 1}, (4, 10, 14, 12)),
    ("linear", [(7,)], {"out": 3}, (3,)),
    ("flatten", [IMAGE], {}, (432,)),
    ("reshape", [(432,)], {"shape": IMAGE}, IMAGE),
    ("identity", [IMAGE], {}, IMAGE),
    ("act", [IMAGE], {"kind": "mish"}, IMAGE),
    ("dropout", [IMAGE], {"p": 0.5}, IMAGE),
    ("dropout", [LINE], {"p": 0.5, "kind": "channels"}, LINE),
    ("norm", [(7,)], {}, (7,)),
    ("norm", [VOLUME], {"kind": "group", "groups": 2}, VOLUME),
    ("pool", [IMAGE], {}, (8, 4, 3)),
    ("pool", [IMAGE], {"ceil": True, "kind": "avg"}, (8, 5, 3)),
    ("pool", [LINE], {"size": 3, "stride": 2, "padding": 1}, (8, 5)),
    ("adaptive_pool", [VOLUME], {"size": (2, 3, 1), "kind": "max"}, (8, 2, 3, 1)),
    ("global_pool", [VOLUME], {}, (8,)),
    ("squeeze_excite", [VOLUME], {"ratio": 4}, VOLUME),
    ("eca", [LINE], {}, LINE),
    ("attention_gate", [(16, 5, 3), IMAGE], {}, IMAGE),
    ("attention_gate", [(16, 3), LINE], {"factor": 3, "hidden": 5}, LINE),
    ("upsample", [VOLUME], {"kind": "bilinear"}, (8, 8, 12, 10)),
    ("pixel_shuffle", [IMAGE], {}, (2, 18, 12)),
    ("pixel_unshuffle", [IMAGE], {"factor": 3}, (72, 3, 2)),
    ("resize", [IMAGE], {"size": (4, 4), "kind": "nearest"}, (8, 4, 4)),
    ("resize", [IMAGE, (3, 17, 11)], {}, (8, 17, 11)),
    ("crop", [IMAGE, (3, 8, 6)], {}, (8, 8, 6)),
    ("residual", [IMAGE, (8, 4, 3), IMAGE], {"resize": True}, IMAGE),
    ("dense", [VOLUME, (2, 2, 2, 2)], {"resize": True}, (10, 4, 6, 5)),
    ("join", [(7,), (5,)], {"kind": "concat"}, (12,)),
    ("join", [IMAGE, IMAGE], {"kind": "absdiff"}, IMAGE),
    ("fusion", [IMAGE, (5, 5, 3), (4, 3, 2)], {"outputs": 1}, IMAGE),
]


def build(name: str, shapes: Sequence[Shape], **arguments: Any) -> nn.Module:
    """Its module, of arguments that have gone through the checks that a file's do."""
    item = ITEMS[name]
    known = {p.name: p.default for p in item.parameters.values() if not p.required}
    given = {key: item.parameters[key].typed(value) for key, value in arguments.items()}
    assert item.least <= len(shapes) <= (item.most or len(shapes))
    return item.build(list(shapes), **known | given)


def drawn(shapes: Sequence[Shape]) -> list[Tensor]:
    return [torch.randn(2, *shape, requires_grad=True) for shape in shapes]


def test_each_item_gives_its_shape_on_the_meta_device_too_and_a_gradient() -> None:
    assert {name for name, *_ in CASES} == ITEMS.keys()
    for name, shapes, arguments, expected in CASES:
        with torch.device("meta"):
            found = build(name, shapes, **arguments)(*drawn(shapes))
        assert found.shape[1:] == expected, (name, found.shape)
        inputs, module = drawn(shapes), build(name, shapes, **arguments)
        outputs = module(*inputs)
        assert outputs.shape == (2, *expected)
        outputs.square().sum().backward()
        for grad in [p.grad for p in module.parameters()] + [i.grad for i in inputs[:1]]:
            assert grad is not None and grad.isfinite().all(), name


def test_a_convolution_is_a_correlation_with_its_weights() -> None:
    image = torch.randn(1, 3, 7, 6)
    for groups in (1, 3):
        module = build("conv", [(3, 7, 6)], out=6, groups=groups).double()
        kernels, biases = (p.detach().numpy() for p in module.conv.parameters())
        outs = 6 // groups
        for i, kernel in enumerate(kernels):
            seen = image[0].chunk(groups)[i // outs].numpy()
            padded = np.pad(seen, ((0, 0), (1, 1), (1, 1)))
            expected = correlate(padded.astype(float), kernel, "valid")[0] + biases[i]
            assert np.allclose(module(image.double())[0, i].detach(), expected)
    assert build("depthwise", [(3, 7, 6)]).conv.weight.shape == (3, 1, 3, 3)


def test_a_bias_is_there_where_no_norm_follows() -> None:
    parts = {"norm": "batch", "act": "relu"}
    assert build("conv", [IMAGE], out=4).conv.bias is not None
    assert build("conv", [IMAGE], out=4, norm="none").conv.bias is not None
    assert build("conv", [IMAGE], out=4, **parts).conv.bias is None
    assert build("conv", [IMAGE], out=4, bias=True, **parts).conv.bias is not None
    names = [name for name, _ in build("conv", [IMAGE], out=4, **parts).named_children()]
    assert names == ["conv", "norm", "act"]


def test_norms_take_the_mean_and_variance_of_what_they_say() -> None:
    values = torch.randn(4, *IMAGE)
    array = values.numpy()
    grouped = array.reshape(4, 2, 4, 9, 6)
    means = {
        "batch": (array, (0, 2, 3), {}),
        "instance": (array, (2, 3), {}),
        "layer": (array, (1, 2, 3), {}),
        "group": (grouped, (2, 3, 4), {"groups": 2}),
    }
    for kind, (of, axes, more) in means.items():
        deviation = np.sqrt(of.var(axes, keepdims=True) + 1e-5)
        expected = ((of - of.mean(axes, keepdims=True)) / deviation).reshape(array.shape)
        found = build("norm", [IMAGE], kind=kind, **more)(values)
        assert np.allclose(found.detach(), expected, atol=1e-5), kind
    assert build("norm", [(24, 3, 3)], kind="group").num_groups == 3  # of 8 channels
    assert build("norm", [(12, 3, 3)], kind="group").num_groups == 1


def test_pools_and_joins_are_numpys() -> None:
    values, other = torch.randn(2, *IMAGE), torch.randn(2, *IMAGE)
    array, second = values.numpy(), other.numpy()
    windows = array[:, :, :8].reshape(2, 8, 4, 2, 3, 2)
    expected = {
        ("pool", "avg"): windows.mean((3, 5)),
        ("pool", "max"): windows.max((3, 5)),
        ("global_pool", "avg"): array.mean((2, 3)),
        ("global_pool", "max"): array.max((2, 3)),
    }
    for (name, kind), result in expected.items():
        assert np.allclose(build(name, [IMAGE], kind=kind)(values), result, atol=1e-6)
    joined = {
        "sum": array + second,
        "mean": (array + second) / 2,
        "product": array * second,
        "absdiff": np.abs(array - second),
        "concat": np.concatenate([array, second], 1),
    }
    for kind, result in joined.items():
        found = build("join", [IMAGE, IMAGE], kind=kind)(values, other)
        assert np.allclose(found, result, atol=1e-6)
    assert torch.equal(build("residual", [IMAGE, IMAGE])(values, other), values + other)
    assert np.allclose(build("dense", [IMAGE, IMAGE])(values, other), joined["concat"])


def test_gates_are_those_of_the_papers() -> None:
    values = torch.randn(2, *IMAGE)
    ours = build("squeeze_excite", [IMAGE], ratio=4)
    theirs = SqueezeExcitation(8, 2)
    weights = dict(zip(("fc1", "fc2"), (ours.squeeze, ours.excite), strict=True))
    for name, layer in weights.items():
        convolution = getattr(theirs, name)
        convolution.weight.data, convolution.bias.data = layer.weight[..., None, None], layer.bias
    assert torch.allclose(ours(values), theirs(values), atol=1e-6)

    module = build("eca", [IMAGE])
    kernel, means = module.conv.weight.detach().numpy().ravel(), values.numpy().mean((2, 3))
    weighed = [np.correlate(np.pad(m, len(kernel) // 2), kernel, "valid") for m in means]
    gates = 1 / (1 + np.exp(-np.array(weighed)))
    expected = values.numpy() * gates[..., None, None]
    assert np.allclose(module(values).detach(), expected, atol=1e-6)
    # |log2(C) / 2 + 1 / 2|: 2.0, 2.5, 3.5, 4.0, 5.0 and 5.5, of which 3 is the first odd one, ...
    sizes = {8: 3, 16: 3, 64: 3, 128: 5, 512: 5, 1024: 5, 1: 1}
    found = {n: build("eca", [(n, 2, 2)]).conv.kernel_size[0] for n in sizes}
    assert found == sizes

    gating = torch.randn(2, 16, 4, 3)
    gate = build("attention_gate", [(16, 4, 3), (8, 8, 6)])
    features = torch.randn(2, 8, 8, 6)
    theta, psi = gate.theta.weight, gate.psi.weight[:, :, 0, 0]
    blocks = features.reshape(2, 8, 4, 2, 3, 2)
    keys = torch.einsum("bcyixj,hcij->bhyx", blocks, theta)
    query = torch.einsum("bcyx,hc->bhyx", gating, gate.phi.weight[:, :, 0, 0])
    hidden = (keys + query + gate.phi.bias[:, None, None]).clamp(min=0)
    coarse = torch.sigmoid(torch.einsum("bhyx,oh->boyx", hidden, psi) + gate.psi.bias)
    fine = nn.functional.interpolate(coarse, (8, 6), mode="bilinear")
    assert torch.allclose(gate(gating, features), features * fine, atol=1e-6)


def test_sizes_change_as_said_and_only_where_they_must() -> None:
    values, like = torch.arange(12.0).reshape(1, 2, 2, 3), torch.zeros(1, 1, 4, 6)
    repeated = values.repeat_interleave(2, 2).repeat_interleave(2, 3)
    assert torch.equal(build("upsample", [(2, 2, 3)])(values), repeated)
    assert torch.equal(
        build("resize", [(2, 2, 3), (1, 4, 6)], kind="nearest")(values, like), repeated
    )
    assert build("resize", [(2, 2, 3), (1, 2, 3)])(values, values) is values
    shuffled = torch.arange(8.0).reshape(1, 8, 1, 1)
    # Four channels become the four pixels of one, row by row.
    expected = torch.arange(8.0).reshape(1, 2, 2, 2)
    assert torch.equal(build("pixel_shuffle", [(8, 1, 1)])(shuffled), expected)
    assert torch.equal(build("pixel_unshuffle", [(2, 2, 2)])(expected), shuffled)
    cut = build("crop", [(2, 2, 3), (5, 1, 2)])(values, torch.zeros(1, 5, 1, 2))
    assert torch.equal(cut, values[:, :, :1, :2])


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
