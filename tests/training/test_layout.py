"""A model's layout in memory, and the convolutions that must not be in channels last on a CPU."""

import pytest
import torch
from torch import Tensor, nn

from project.hyperparameters import Hyperparameters
from project.training.layout import make_ready
from tests import forks

CPU = torch.device("cpu")
# 16 numbers are the longest vector of any CPU: with so many channels all is well.
CONVOLUTIONS = {
    "narrow": nn.Conv2d(3, 16, 1, stride=2),
    "narrow one way": nn.Conv2d(3, 16, 1, stride=(1, 2)),
    "to a narrow one": nn.ConvTranspose2d(16, 3, 1, stride=2, output_padding=1),
    "wide": nn.Conv2d(16, 4, 1, stride=2),
    "to a wide one": nn.ConvTranspose2d(3, 16, 1, stride=2),
    "not strided": nn.Conv2d(3, 16, 1),
    "3 x 3": nn.Conv2d(3, 16, 3, stride=2),
    "grouped": nn.Conv2d(6, 16, 1, stride=2, groups=2),
}


def is_channels_last(x: Tensor) -> bool:
    """Whether columns are as far from each other as several channels are wide."""
    return x.stride(3) == x.shape[1] > 1


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_only_narrow_strided_ones_are_not_in_channels_last(name: str) -> None:
    conv, seen = CONVOLUTIONS[name], []
    make_ready(nn.Sequential(conv), CPU, Hyperparameters())
    conv.register_forward_pre_hook(lambda _, inputs: seen.extend(inputs))
    x = torch.randn(2, 8, 8, conv.in_channels).movedim(3, 1)
    assert is_channels_last(x)
    conv(x)
    expected = "narrow" not in name
    assert [*map(is_channels_last, seen)] == [expected] and torch.equal(*seen, x)
    assert is_channels_last(conv.weight) == expected


def test_a_single_channel_is_copied_where_its_strides_say_channels_last() -> None:
    conv, seen = nn.Conv2d(1, 8, 1, stride=2), []
    make_ready(conv, CPU, Hyperparameters())
    conv.register_forward_pre_hook(lambda _, inputs: seen.extend(inputs))
    conv(torch.randn(2, 8, 8, 1).movedim(3, 1))
    assert seen[0].stride() == conv.weight.new_empty(2, 1, 8, 8).stride() == (64, 64, 8, 1)


def test_gradients_of_a_narrow_one_are_those_of_sums_of_products() -> None:
    torch.manual_seed(0)
    conv = nn.Conv2d(4, 8, 1, stride=2, bias=False)
    make_ready(conv, CPU, Hyperparameters())
    x, up = torch.randn(16, 8, 8, 4).movedim(3, 1).requires_grad_(), torch.randn(16, 8, 4, 4)
    of_x, of_weight = torch.autograd.grad(conv(x), [x, conv.weight], up)
    picked, weight = x.detach().double()[:, :, ::2, ::2], conv.weight.detach().double()[..., 0, 0]
    expected = torch.einsum("bohw,bihw->oi", up.double(), picked)
    torch.testing.assert_close(of_weight[..., 0, 0].double(), expected, rtol=1e-5, atol=1e-5)
    expected = torch.zeros_like(x, dtype=torch.float64)
    expected[:, :, ::2, ::2] = torch.einsum("bohw,oi->bihw", up.double(), weight)
    torch.testing.assert_close(of_x.double(), expected, rtol=1e-5, atol=1e-5)


def test_a_narrow_one_does_not_end_its_process() -> None:
    code = (
        "import torch\n"
        "from torch import nn\n"
        "from project.hyperparameters import Hyperparameters\n"
        "from project.training.layout import make_ready\n"
        "model = nn.Sequential(nn.Conv2d(3, 4, 1), nn.Conv2d(4, 8, 1, stride=2))\n"
        "make_ready(model, torch.device('cpu'), Hyperparameters())\n"
        "for _ in range(40):\n"
        "    model(torch.randn(16, 3, 32, 32)).square().mean().backward()\n"
    )
    done = forks.completed(["-c", code])
    assert done.returncode == 0, done.stderr
