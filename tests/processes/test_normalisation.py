"""Batch normalisation over processes, of which there is one here, against torch's in float64."""

from collections.abc import Iterator

import pytest
import torch
import torch.distributed as dist
from torch import Tensor, nn

from project.processes.normalisation import BatchNorm2d

SHAPES = [(8, 4, 8, 8), (3, 5, 7, 1), (16, 3, 1, 1), (1, 2, 5, 5)]


class Shared(BatchNorm2d):
    """Does what several processes do."""

    def forward(self, input: Tensor) -> Tensor:
        return self._shared(input)


@pytest.fixture(scope="module", autouse=True)
def group() -> Iterator[None]:
    dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
    yield
    dist.destroy_process_group()


def trained(norm: nn.BatchNorm2d, input: Tensor, grad: Tensor) -> dict[str, Tensor]:
    """All that a training step leaves: outputs, gradients, statistics."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in norm.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
    input = input.clone().requires_grad_()
    output = norm(input)
    output.backward(grad)
    found = {"output": output.detach(), "input.grad": input.grad}
    return found | norm.state_dict() | {f"{k}.grad": p.grad for k, p in norm.named_parameters()}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("mean", [0.0, 1000.0])
def test_a_step_is_torchs(shape: tuple[int, ...], mean: float) -> None:
    torch.manual_seed(0)
    input = torch.randn(shape) * torch.arange(1.0, shape[1] + 1).view(1, -1, 1, 1) + mean
    grad = torch.randn(shape)
    ours = trained(Shared(shape[1]), input, grad)
    torchs = trained(nn.BatchNorm2d(shape[1]).double(), input.double(), grad.double())
    assert ours.keys() == torchs.keys()
    # float32 has 24 bits: 6e-8 of a value, of which the mean is one.
    tolerance = 1e-6 + 2e-7 * mean
    for key, value in ours.items():
        scale = max(1.0, float(torchs[key].abs().max()))
        assert (value - torchs[key]).abs().max() < tolerance * scale, key


def test_strides_do_not_matter() -> None:
    input, grad = torch.randn(4, 6, 5, 5), torch.randn(4, 6, 5, 5)
    expected = trained(Shared(6), input, grad)
    others = [
        (input.to(memory_format=torch.channels_last), grad),
        (input, grad.to(memory_format=torch.channels_last)),
        (input.repeat(1, 1, 1, 2)[..., :5], grad),
    ]
    for values, grads in others:
        torch.testing.assert_close(trained(Shared(6), values, grads), expected)


def test_a_constant_channel_is_the_bias_and_has_a_finite_gradient() -> None:
    found = trained(Shared(2), torch.full((4, 2, 3, 3), 300.1), torch.randn(4, 2, 3, 3))
    # It is the difference of twice 300.1 times the weight and 316, for a deviation of
    # sqrt(1e-5): 95,000 with an error of 2**-24 each, 0.011 in all, as torch's own.
    error = (found["output"] - found["bias"].view(1, -1, 1, 1)) / found["weight"].view(1, -1, 1, 1)
    assert error.abs().max() < 0.012
    assert all(value.isfinite().all() for value in found.values())


def test_half_precision_is_computed_in_single() -> None:
    input, grad = (torch.randn(4, 6, 5, 5).bfloat16() for _ in range(2))
    found = trained(Shared(6), input, grad)
    assert found["output"].dtype == found["input.grad"].dtype == torch.bfloat16
    expected = trained(Shared(6), input.float(), grad.float())
    for key, value in found.items():
        torch.testing.assert_close(value, expected[key].to(value.dtype))


def test_a_single_value_is_normalised_by_the_running_statistics() -> None:
    norm, plain = BatchNorm2d(3), nn.BatchNorm2d(3)
    several, single = torch.randn(4, 3, 2, 2), torch.randn(1, 3, 1, 1)
    torch.testing.assert_close(norm(several), plain(several))
    state = {key: value.clone() for key, value in norm.state_dict().items()}
    torch.testing.assert_close(norm.train()(single), plain.eval()(single))
    assert all(torch.equal(state[key], value) for key, value in norm.state_dict().items())
