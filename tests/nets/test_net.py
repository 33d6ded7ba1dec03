"""Nets from texts: each word of structure against modules of PyTorch, and tensors that go."""

import copy
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, relu

from project.nets.fusion import Fusion
from project.nets.net import Net
from tests.nets.making import IMAGE, net

IMAGES = torch.randn(3, *IMAGE, generator=torch.Generator().manual_seed(0))


def conv(model: nn.Module, name: str, inputs: Tensor) -> Tensor:
    """A convolution of a net by PyTorch's own function."""
    layer = model.get_submodule(name)
    layer = getattr(layer, "conv", layer)
    return conv2d(inputs, layer.weight, layer.bias, padding=1)


def test_links_go_back_and_dense_and_residual_take_what_came_before_too() -> None:
    model = net("""
        layers:
          - conv: {name: a, out: 4}
          - conv: {name: b, out: 4}
          - residual: {from: a}
          - dense: {name: d, from: [b, input]}
          - conv: {name: c, from: a, out: 3}
          - dense: {from: d}
        """)
    a = conv(model, "a", IMAGES)
    b = conv(model, "b", a)
    d = torch.cat([b + a, b, IMAGES], 1)
    assert torch.equal(model(IMAGES), torch.cat([conv(model, "c", a), d], 1))


def test_blocks_have_parameters_inputs_outputs_and_weights_of_their_own() -> None:
    model = net("""
        settings: {growth: 3}
        blocks:
          two:
            parameters: {out: , more: out * 2}
            inputs: [x, y]
            layers:
              - conv: {name: left, from: x, out: out}
              - conv: {name: right, from: y, out: more + growth}
            outputs: [left, right]
        layers:
          - conv: {name: stem, out: width / 8}
          - two: {name: first, from: [input, stem], out: 2}
          - select: 1
          - two: {name: second, from: [previous, stem], out: 5, more: 1}
          - select: {from: second, index: 0}
          - dense: {from: stem}
        """)
    stem = conv(model, "stem", IMAGES)
    right = conv(model, "first.right", stem)
    assert right.shape[1] == 2 * 2 + 3 and stem.shape[1] == 32 / 8
    left = conv(model, "second.left", right)
    assert torch.equal(model(IMAGES), torch.cat([left, stem], 1))
    # What no output depends on is left out.
    assert "first.left" not in dict(model.named_modules())


def test_use_shares_weights_or_has_its_own() -> None:
    model = net("""
        inputs: [left, right]
        blocks:
          tower: {layers: [conv: {out: 3}, act: relu]}
        layers:
          - tower: {name: a, from: left}
          - use: {name: b, of: a, from: right}
          - use: {name: c, of: a, from: right, weights: own}
          - use: {name: d, of: tower, from: left}
          - use: {name: e, of: tower, from: right}
          - dense: {from: [a, b, c, d]}
        """)
    left, right = IMAGES[:, :1], IMAGES[:, 1:]
    # What came before, the second use of the block, is first.
    names = ["shared_tower", "a", "a", "c", "shared_tower"]
    parts = [right, left, right, right, left]
    made = [relu(conv(model, f"{n}.conv_1", x)) for n, x in zip(names, parts, strict=True)]
    assert torch.equal(model(IMAGES), torch.cat(made, 1))
    assert {name.partition(".")[0] for name in model.state_dict()} == {"a", "c", "shared_tower"}


def test_repeats_count_and_have_weights_of_their_own_or_shared() -> None:
    text = """
        layers:
          - conv: {name: stem, out: 2}
          - conv: {out: 2, name: first}
          - repeat:
              times: depth
              weights: own
              layers:
                - conv: {out: index + 1}
                - dense: {from: [input, stem]}
        """
    model = net(text, depth=3)
    stem = conv(model, "stem", IMAGES)
    found = conv(model, "first", stem)
    for i in range(3):
        made = conv(model, f"repeat_1.{i}.conv_1", found)
        assert made.shape[1] == i + 1
        found = torch.cat([made, found, stem], 1)
    assert torch.equal(model(IMAGES), found)
    same = "layers: [{repeat: {times: 2, weights: shared, layers: [conv: {out: 2}]}}]"
    shared = net(same)
    once = conv(shared, "repeat_1.0.conv_1", IMAGES)
    assert torch.equal(shared(IMAGES), conv(shared, "repeat_1.0.conv_1", once))
    assert len(shared.state_dict()) == 2


def test_inputs_are_parts_of_what_comes_and_outputs_several() -> None:
    text = """
        inputs: {top: {rows: [0, rows / 2]}, one: {channels: [1, 2], columns: [2, 8]}}
        layers:
          - identity: {name: a, from: top}
          - identity: {name: b, from: one}
        outputs: [b, a]
        """
    b, a = net(text)(IMAGES)
    assert torch.equal(a, IMAGES[:, :, :4]) and torch.equal(b, IMAGES[:, 1:, :, 2:])
    alone = net(text + "main: a")
    assert torch.equal(alone(IMAGES), a) and alone.graph.names == ("a",)
    views = torch.stack([IMAGES, IMAGES + 1], 1)
    both = net("inputs: [l, r]\nlayers:\n- join: {kind: absdiff, from: [l, r]}", (2, *IMAGE))
    assert torch.equal(both(views), (views[:, 0] - views[:, 1]).abs())


def test_classes_by_path_and_models_of_plugs_are_items() -> None:
    model = net("""
        layers:
          - torch.nn.PReLU: {num_parameters: channels, init: 0.5}
          - model: {of: mlp, out: width, hidden_dim: 7, depth: 1}
          - torch.nn.LayerNorm: {normalized_shape: [width]}
          - linear: classes
        """)
    assert isinstance(model.PReLU_1, nn.PReLU) and model.PReLU_1.num_parameters == 2
    assert [m.out_features for m in model.modules() if isinstance(m, nn.Linear)] == [7, 32, 10]
    assert model(IMAGES).shape == (3, 10)


FAR = """
layers:
  - conv: {name: a, out: 2}
  - conv: {name: b, out: 2}
  - residual: {from: a}
  - conv: {name: c, out: 2}
  - conv: {out: 2}
  - residual: {from: b}
  - act: relu
"""


def alive_after_each(model: Net, inputs: Tensor) -> list[list[str]]:
    """The nodes whose outputs are there when a node has run, node by node."""
    made: dict[str, Any] = {}
    found = []

    def hook(names: Iterator[str]) -> Any:
        def remember(module: nn.Module, taken: Any, output: Tensor) -> None:
            found.append([n for n, there in made.items() if there() is not None])
            made[next(names)] = weakref.ref(output)

        return remember

    # A module that several nodes share runs for each of them in turn.
    for path in dict.fromkeys(node.path for node in model.graph.nodes if node.module is not None):
        own = [node.name for node in model.graph.nodes if node.path == path]
        model.get_submodule(path).register_forward_hook(hook(iter(own)))
    with torch.no_grad():
        model(inputs)
    return found


def test_each_tensor_is_gone_after_its_last_use() -> None:
    model = net(FAR)
    assert alive_after_each(model, IMAGES) == [
        [],
        ["a"],
        ["a", "b"],
        ["b", "residual_1"],
        ["b", "c"],
        ["b", "conv_1"],
        ["residual_2"],
    ]
    # By node, the place of its last use: of b (2) that is residual_2 (6); the last is the output.
    assert model.graph.last_use == (1, 3, 6, 4, 5, 6, 7, 8)


@pytest.mark.parametrize("name", ["dense", "unet", "siamese"])
def test_so_it_is_in_nets_with_blocks_and_shared_weights(name: str) -> None:
    text = (Path(__file__).parents[2] / "configs" / "nets" / f"{name}.yaml").read_text()
    # Trained ones, as a dropout otherwise gives the very tensor that it takes.
    model = net(text, width=4, hidden_dim=4)
    nodes, last = model.graph.nodes, list(model.graph.last_use)
    for i, node in reversed([*enumerate(nodes)]):
        if node.item in ("flatten", "crop"):  # a view, which holds what it is of
            last[node.inputs[0]] = max(last[node.inputs[0]], last[i])
    ran, names = [i for i, n in enumerate(nodes) if n.module], [node.name for node in nodes]
    expected = [[names[j] for j in ran if j < i <= last[j]] for i in ran]
    assert alive_after_each(model, IMAGES) == expected
    assert max(map(len, expected)) < len(ran) / 2


def test_a_copy_and_other_modules_in_the_places_of_old_ones_run() -> None:
    model = net(FAR)
    twin = copy.deepcopy(model)
    assert torch.equal(twin(IMAGES), model(IMAGES))
    assert twin.a is not model.a
    model.set_submodule("act_1", nn.Identity())
    assert torch.equal(relu(model(IMAGES)), twin(IMAGES)) and (model(IMAGES) < 0).any()


def test_a_fusion_gives_each_of_its_maps_to_select() -> None:
    model = net("""
        layers:
          - conv: {name: large, out: 3}
          - conv: {name: small, out: 4, stride: 2}
          - identity: {from: large}
          - fusion: {name: f, from: small}
          - select: {name: whole, from: f, index: 0}
          - select: {from: f, index: 1}
          - upsample: {}
          - dense: {from: whole}
        """)
    fusion = Fusion((3, 4))
    fusion.load_state_dict(model.get_submodule("f").state_dict())
    large = conv(model, "large", IMAGES)
    small = model.get_submodule("small")(large)
    first, second = fusion(large, small)
    doubled = second.repeat_interleave(2, 2).repeat_interleave(2, 3)
    assert torch.equal(model(IMAGES), torch.cat([doubled, first], 1))
