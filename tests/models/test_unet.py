"""The U-Net: any size, every option, its parameters, and the form that exporters take."""

from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from project import models
from project.cli.flags import parse
from project.hyperparameters import Hyperparameters
from project.models.unet import DOWN, NORMS, UP, UNet, fitted
from project.processes.normalisation import adapt_norms

# All pairs of norm and up; down and the sizes change beside them.
OPTIONS = [
    {"norm": norm, "up": up, "down": list(DOWN)[i % 2], "levels": 3 - i % 3, "depth": 1 + i % 2}
    for i, (norm, up) in enumerate(product(NORMS, UP))
]
SIZES = [(17, 9), (16, 24), (31, 12)]


def build(shape: tuple[int, int, int], n_classes: int = 5, **own: Any) -> nn.Module:
    hparams = Hyperparameters(data="shapes", model="unet", plugs={"unet": own})
    return models.build(shape, n_classes, hparams)


def test_the_options_below_meet_in_all_pairs() -> None:
    for a, b in (("norm", "up"), ("norm", "down"), ("up", "down")):
        pairs = {(options[a], options[b]) for options in OPTIONS}
        assert len(pairs) == len({pair[0] for pair in pairs}) * len({pair[1] for pair in pairs})


@pytest.mark.parametrize("i, options", list(enumerate(OPTIONS)))
def test_logits_and_gradients_for_any_size_and_option(i: int, options: dict[str, Any]) -> None:
    torch.manual_seed(0)
    model = UNet(2, 5, width=8, dropout=0.1, **options)
    adapt_norms(model)  # as a run does
    model.to(memory_format=torch.channels_last)
    size = SIZES[i % len(SIZES)]
    inputs = torch.randn(2, 2, *size)
    outputs = model(inputs)
    assert outputs.shape == (2, 5, *size) and outputs.dtype == torch.float32
    outputs.square().sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())
    # The same net takes images of other sizes.
    with torch.no_grad():
        assert model.eval()(inputs[:1, :, :11, 1:]).shape == (1, 5, 11, size[1] - 1)


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (5, 1)])
def test_images_may_be_smaller_than_what_is_halved(size: tuple[int, int]) -> None:
    model = build((1, *size), levels=4, unet_width=2)
    adapt_norms(model)
    assert model(torch.randn(1, 1, *size)).shape == (1, 5, *size)


def test_single_pixels_are_not_normalised_by_themselves() -> None:
    message = "^--model unet --norm instance --levels 2 can't take images of 4x9 pixels.* least 5"
    with pytest.raises(ValueError, match=message):
        build((1, 4, 9), norm="instance")
    assert build((1, 5, 9), norm="instance")(torch.randn(1, 1, 5, 9)).shape == (1, 5, 5, 9)


def test_its_parameters_are_those_of_the_paper() -> None:
    # 3x3 convolutions without bias, their norms of 2 each; ups of 2x2 with bias; the head.
    enc = 9 * (3 * 4 + 4 * 4) + 2 * 2 * 4 + 9 * (4 * 8 + 8 * 8) + 2 * 2 * 8
    bottom = 9 * (8 * 16 + 16 * 16) + 2 * 2 * 16
    dec = 4 * 16 * 8 + 8 + 9 * (16 * 8 + 8 * 8) + 2 * 2 * 8
    dec += 4 * 8 * 4 + 4 + 9 * (8 * 4 + 4 * 4) + 2 * 2 * 4
    model = build((3, 48, 48), unet_width=4, levels=2)
    assert models.n_parameters(model) == enc + bottom + dec + 4 * 5 + 5
    # As published: one channel, two classes, 64 channels at full size, four halvings, no norms.
    with torch.device("meta"):
        published = UNet(1, 2, width=64, levels=4, norm="none")
    assert models.n_parameters(published) == 31_030_658


def test_dropout_is_at_the_end_of_the_way_down() -> None:
    model = build((1, 8, 8)).train()
    dropped: list[tuple[int, ...]] = []
    model.dropout.register_forward_hook(lambda m, given, out: dropped.append(tuple(out.shape)))
    model(torch.randn(2, 1, 8, 8))
    assert dropped == [(2, 32, 2, 2)] and model.dropout.p == 0.1


@pytest.mark.parametrize("up", list(UP))
def test_gradients_are_the_same_each_time(up: str) -> None:
    model = UNet(1, 3, width=8, levels=2, up=up)
    model.to(memory_format=torch.channels_last)
    inputs = torch.randn(4, 1, 19, 21)

    def gradients() -> list[Tensor]:
        return torch.autograd.grad(model(inputs).square().sum(), list(model.parameters()))

    for first, second in zip(gradients(), gradients(), strict=True):
        assert torch.equal(first, second)


def test_it_learns_a_batch() -> None:
    torch.manual_seed(0)
    inputs = torch.randn(2, 1, 13, 10)
    # Left, and right: as a pixel is noise, only its place says so.
    targets = (torch.arange(10) > 4).long().expand(2, 13, 10)
    model = build((1, 13, 10), 2)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-2)
    for _ in range(25):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(inputs), targets).backward()
        optimizer.step()
    assert (model.eval()(inputs).argmax(1) == targets).float().mean() > 0.95


@pytest.mark.parametrize("size", [(5, 7), (6, 7), (1, 4)])
def test_what_is_exported_is_cut_alike(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    doubled = torch.randn(2, 3, *(n + n % 2 for n in size))
    skip = torch.randn(2, 3, *size)
    cut = fitted(doubled, skip)
    monkeypatch.setattr(torch.compiler, "is_exporting", lambda: True)
    assert torch.equal(fitted(doubled, skip), cut) and cut.shape[2:] == size


@pytest.mark.nightly
@pytest.mark.parametrize("down, up", list(product(DOWN, UP)))
def test_it_is_exported_for_an_odd_size_and_for_all_sizes(down: str, up: str) -> None:
    model = UNet(3, 5, width=4, levels=3, down=down, up=up).eval()
    inputs = torch.randn(2, 3, 45, 37)
    fixed = torch.export.export(model, (inputs,)).module()
    torch.testing.assert_close(fixed(inputs), model(inputs))
    dynamic = {n: torch.export.Dim.DYNAMIC for n in (0, 2, 3)}
    free = torch.export.export(model, (inputs,), dynamic_shapes=(dynamic,)).module()
    for shape in ((1, 3, 45, 37), (3, 3, 64, 48), (2, 3, 17, 90)):
        inputs = torch.randn(shape)
        torch.testing.assert_close(free(inputs), model(inputs))


@pytest.mark.parametrize(
    "flags, message",
    [
        (["--norm", "bach"], "--norm 'bach' is unknown, did you mean 'batch'"),
        (["--levels", "13"], r"--levels must be in \[0, 12\], not 13"),
        (["--up", "nearest"], "--up 'nearest'"),
    ],
)
def test_its_flags_are_checked_before_it_is_imported(flags: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse(["--data", "shapes", "--model", "unet", *flags])
