"""segmentation_models_pytorch's nets: any size and channels, and mistakes in a line."""

from importlib.util import find_spec
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn

from project import models
from project.models import smp
from project.models.smp import Padded

installed = pytest.mark.skipif(
    find_spec("segmentation_models_pytorch") is None, reason="requirements-smp.txt is an extra"
)


def build(variant: str, shape: tuple[int, int, int] = (3, 32, 32)) -> nn.Module:
    hparams = SimpleNamespace(model=f"smp:{variant}", pretrained=False)
    return models.build(shape, 4, hparams)


def test_without_the_package_a_line_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smp, "smp", None)
    with pytest.raises(ValueError, match="^--model smp:unet/resnet18 needs .*-smp.txt$"):
        build("unet/resnet18")


def test_a_net_that_takes_multiples_takes_any_size() -> None:
    class Net(nn.Module):
        def forward(self, inputs: Tensor) -> Tensor:
            sizes.append(tuple(inputs.shape[2:]))
            return 2 * inputs

    sizes: list[tuple[int, int]] = []
    for size in ((32, 64), (33, 1)):
        inputs = torch.randn(2, 3, *size)
        assert torch.equal(Padded(Net(), 32)(inputs), 2 * inputs)
    assert sizes == [(32, 64), (64, 32)]


@installed
@pytest.mark.parametrize("variant", ["unet/resnet18", "fpn/mobilenet_v2", "deeplabv3plus/resnet18"])
def test_logits_of_each_pixel_for_any_size_and_channels(variant: str) -> None:
    model = build(variant, (2, 45, 37))
    outputs = model(torch.randn(2, 2, 45, 37))
    assert outputs.shape == (2, 4, 45, 37)
    outputs.square().sum().backward()
    assert all(p.grad is not None for p in model.parameters())


@installed
@pytest.mark.parametrize(
    "variant, message",
    [
        ("unnet/resnet18", "has no net 'unnet', did you mean 'unet'"),
        ("unet", "names no encoder: write smp:unet/resnet34, say"),
        ("unet/resnet17", "has no encoder 'resnet17', did you mean 'resnet"),
        ("unet/tu-resnet17", r"can't be made: Unknown model \(resnet17\)"),
        ("dpt/resnet18", "can't be made: Only Timm encoders are supported for DPT"),
    ],
)
def test_a_wrong_name_is_refused_in_a_line(variant: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"^--model smp:{variant}:? .*{message}") as caught:
        build(variant)
    assert "\n" not in str(caught.value)
