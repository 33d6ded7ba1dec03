"""What layers cost, against sums on paper; and how it is told."""

import pytest
import torch
from torch import Tensor, nn
from torchvision.models import MobileNet_V3_Small_Weights, mobilenet_v3_small

from project.nets.costs import ELSEWHERE, measured
from project.nets.table import as_json, table_text
from tests.nets.making import IMAGE, net

NET = """
    layers:
      - conv: {name: first, out: 4, norm: batch, act: relu}
      - conv: {name: second, out: 4, stride: 2}
      - residual: {name: sum, from: first, resize: true}
      - use: {name: again, of: second}
      - global_pool: avg
      - linear: {name: head, out: 5}
    """
IMAGE_BYTES, MAP_BYTES = 4 * 2 * 8 * 8, 4 * 4 * 8 * 8  # float32: 2 x 8 x 8, and 4 x 8 x 8
SMALL_BYTES = 4 * 4 * 4 * 4  # 4 x 4 x 4


def test_parameters_flops_and_memory_of_each_layer() -> None:
    costs = measured(net(NET), IMAGE)
    first, second, total, again, pool, head = costs.layers
    # 3 x 3 kernels of 2 to 4 channels without bias, and a norm; 4 to 4 with bias; 4 to 5.
    assert first.parameters == 9 * 2 * 4 + 2 * 4
    assert (second.parameters, second.shared) == (9 * 4 * 4 + 4, None)
    assert (again.parameters, again.shared) == (0, "second")
    assert head.parameters == 4 * 5 + 5
    assert costs.parameters == costs.trainable == 80 + 148 + 25
    # A product and its sum at each of the output's places; a bias is not counted.
    assert first.flops == 2 * 9 * 2 * 4 * 8 * 8
    assert (second.flops, again.flops) == (2 * 9 * 4 * 4 * 4 * 4, 2 * 9 * 4 * 4 * 2 * 2)
    assert head.flops == 2 * 4 * 5 and total.flops == pool.flops == 0
    assert costs.flops == 9216 + 4608 + 1152 + 40
    # The image, what the norm takes, its mean and deviation of a batch of two, what relu gives.
    assert first.kept == IMAGE_BYTES + 2 * MAP_BYTES + 2 * 4 * 4 // 2
    assert second.kept == 0  # its input is what relu gave
    assert again.kept == SMALL_BYTES  # the sum
    assert head.kept == 4 * 4
    assert costs.kept == sum(layer.kept for layer in costs.layers)
    # The image beside the first map; at the sum that map, the second, and the sum itself.
    assert costs.peak == max(IMAGE_BYTES + MAP_BYTES, MAP_BYTES + 2 * SMALL_BYTES)


def test_a_table_says_where_layers_take_more_than_the_line_above() -> None:
    costs = measured(net(NET), IMAGE)
    lines = table_text(costs).splitlines()
    cells = [line.split() for line in lines]
    assert cells[0] == ["layer", "item", "from", "output", "parameters", "FLOPs", "kept"]
    assert cells[1] == ["first", "conv", "4x8x8", "80", "9.2", "k", "2.6", "kB"]
    assert cells[3][:5] == ["sum", "residual", "second,", "first", "4x4x4"]
    assert cells[4][:5] == ["again", "conv", "4x2x2", "of", "second"]
    assert len({len(line) for line in lines[:7]}) == 1  # aligned
    assert lines[7] == "253 parameters, 253 trainable"
    told = as_json(costs)
    assert told["flops"] == 15016 and told["layers"][2]["inputs"] == ("second", "first")


def test_a_model_of_modules_has_a_line_for_each_without_parts() -> None:
    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = nn.Parameter(torch.ones(6))
            self.attention = nn.MultiheadAttention(6, 2, batch_first=True)
            self.heads = nn.ModuleList([nn.Linear(6, 3), nn.Linear(6, 3)])
            self.heads[1].weight = self.heads[0].weight

        def forward(self, images: Tensor) -> Tensor:
            words = images.flatten(2).mT * self.scale
            found, _ = self.attention(words, words, words)
            return sum(head(found.mean(1)) @ torch.ones(3, 3) for head in self.heads)

    model = Model()
    costs = measured(model, (6, 2, 2))
    attention, first, second, rest = costs.layers
    assert (attention.name, attention.kind) == ("attention", "MultiheadAttention")
    # Four matrices of 6 x 6 with biases; 4 words, 2 heads of 3 numbers: all with all, and back.
    assert attention.parameters == 4 * (6 * 6 + 6)
    assert attention.flops == 2 * 4 * 4 * 6 * 6 + 2 * 2 * 2 * 4 * 4 * 3
    assert (first.name, first.parameters, first.flops) == ("heads.0", 21, 36)
    assert (second.parameters, second.shared) == (3, None)  # a bias of its own
    # The scale, and two products by a 3 x 3 matrix.
    assert (rest.name, rest.parameters, rest.flops) == (ELSEWHERE, 6, 2 * 2 * 9)
    assert costs.peak is None and costs.parameters == sum(p.numel() for p in model.parameters())
    assert table_text(costs).splitlines()[-3].startswith(ELSEWHERE)


def test_images_that_a_model_cannot_take_are_told_in_a_line() -> None:
    with pytest.raises(ValueError, match="^can't take images of 3x8x8: .*channels") as caught:
        measured(nn.Sequential(nn.Conv2d(2, 3, 3)), (3, 8, 8))
    assert "\n" not in str(caught.value)


def test_a_published_model_costs_what_torchvision_says() -> None:
    said = MobileNet_V3_Small_Weights.DEFAULT.meta
    costs = measured(mobilenet_v3_small(), (3, 224, 224))
    assert costs.parameters == said["num_params"]
    # In thousand millions of products with their sums, three digits after the point.
    assert round(costs.flops / 2 / 1e9, 3) == said["_ops"]
