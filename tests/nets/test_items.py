"""Each item: the shape that it gives, and its values against NumPy, SciPy and torchvision."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from scipy.signal import correlate
from torch import Tensor, nn
from torchvision.ops import SqueezeExcitation

from project.nets.items import ITEMS, Shape
from tests.nets.making import build

LINE, IMAGE, VOLUME = (8, 9), (8, 9, 6), (8, 4, 6, 5)
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
