"""Torchvision's models: first convolution and head adapted, weights used, errors in a line."""

import urllib.request
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn
from torchvision import models as published

from project import models
from project.models.torchvision import SEGMENTATION, adapt_channels

NAMES = published.list_models(module=published)
# RegNet reads its widths back from tensors, which tensors without data don't allow.
WITHOUT_DATA = [name for name in NAMES if not name.startswith("regnet")]


def build(name: str, shape: tuple[int, int, int], pretrained: bool = False) -> nn.Module:
    hparams = SimpleNamespace(model=f"torchvision:{name}", pretrained=pretrained)
    return models.build(shape, 7, hparams)


def ends(model: nn.Module) -> tuple[int, int]:
    """Input channels of the first convolution, and outputs of the last layer."""
    layers = [m for m in model.modules() if isinstance(m, nn.Linear | nn.Conv2d)]
    first = next(m for m in layers if isinstance(m, nn.Conv2d))
    return first.in_channels, getattr(layers[-1], "out_features", None) or layers[-1].out_channels


@pytest.mark.nightly
def test_every_family_is_adapted() -> None:
    families = {name.rstrip("0123456789").partition("_")[0]: name for name in WITHOUT_DATA}
    for name in families.values():
        # Without data, so that a model of a gigabyte costs nothing.
        with torch.device("meta"):
            model = build(name, (2, 224, 224)).train()
            assert ends(model) == (2, 7), name
            assert model(torch.zeros(2, 2, 224, 224)).shape == (2, 7), name


def test_transformers_take_square_images_of_whole_patches() -> None:
    with torch.device("meta"):
        model = build("vit_b_16", (1, 48, 48))
        assert model(torch.zeros(2, 1, 48, 48)).shape == (2, 7)
    # 3 x 3 patches of 16 pixels, and the class token.
    assert model.encoder.pos_embedding.shape == (1, 10, 768)


@pytest.mark.parametrize(
    "name, shape",
    [
        ("regnet_x_400mf", (1, 8, 8)),
        ("mobilenet_v3_small", (1, 8, 8)),
        ("squeezenet1_0", (4, 28, 28)),
        ("densenet121", (3, 32, 32)),
        ("efficientnet_b0", (1, 28, 28)),
    ],
)
def test_small_images_train(name: str, shape: tuple[int, int, int]) -> None:
    model = build(name, shape)
    assert model.training
    logits = model(torch.randn(2, *shape))
    assert logits.shape == (2, 7) and ends(model) == (shape[0], 7)
    logits.sum().backward()
    assert all(p.grad is not None for p in model.parameters())


@pytest.mark.parametrize(
    "name, shape, message",
    [
        ("vit_b_16", (3, 20, 20), "Input shape indivisible by patch size"),
        ("vit_b_32", (3, 32, 64), "Wrong image width! Expected 32 but got 64"),
        ("squeezenet1_1", (3, 8, 8), r"Given input size: \(.*too small"),
    ],
)
def test_a_shape_it_cant_take_is_refused_in_a_line(
    name: str, shape: tuple[int, int, int], message: str
) -> None:
    expected = f"^--model torchvision:{name} can't take images of {shape[1]}x{shape[2]} pixels"
    with pytest.raises(ValueError, match=rf"{expected} \({message}\); use .*$") as caught:
        build(name, shape)
    assert "\n" not in str(caught.value)


def test_the_segmentation_nets_named_here_are_all_that_there_are() -> None:
    assert sorted(published.list_models(module=published.segmentation)) == list(SEGMENTATION)


@pytest.mark.nightly
@pytest.mark.parametrize("name", SEGMENTATION)
def test_every_segmentation_net_gives_logits_of_each_pixel(name: str) -> None:
    with torch.device("meta"):
        model = build(name, (2, 45, 37))
        assert model.training and model(torch.zeros(2, 2, 45, 37)).shape == (2, 7, 45, 37)
    assert not [n for n, _ in model.named_parameters() if "aux" in n]


def test_a_segmentation_net_trains_and_all_of_it_is_used() -> None:
    torch.manual_seed(0)
    model = build("lraspp_mobilenet_v3_large", (2, 33, 48))
    model(torch.randn(2, 2, 33, 48)).square().sum().backward()
    assert all(p.grad is not None for p in model.parameters())
    # Its two last layers, of 40 and 128 channels, each with a bias.
    heads = [p for n, p in model.named_parameters() if "_classifier" in n]
    assert sum(p.numel() for p in heads) == 7 * (40 + 1 + 128 + 1)


@pytest.mark.parametrize(
    "name, near",
    [
        ("resnet17", "resnet18"),
        ("fcn_resnet5", "fcn_resnet50"),
        ("deeplabv3_mobilenet", "deeplabv3_mobilenet_v3_large"),
    ],
)
def test_an_unknown_name_gets_a_suggestion(name: str, near: str) -> None:
    with pytest.raises(ValueError, match=f"^--model 'torchvision:{name}' is unknown.*{near}"):
        build(name, (3, 32, 32))


def respond(weight: Tensor, channels: int) -> Tensor:
    """What the convolution makes of a grey image given in so many channels."""
    generator = torch.Generator().manual_seed(1)
    grey = torch.randn(1, 1, 9, 9, generator=generator).expand(1, channels, 9, 9)
    return nn.functional.conv2d(grey, weight)


@pytest.mark.parametrize("channels", [1, 3, 6])
def test_adapted_weights_respond_alike_to_grey_images(channels: int) -> None:
    weight = torch.randn(5, 3, 3, 3, generator=torch.Generator().manual_seed(0))
    adapted = adapt_channels(weight, channels)
    assert adapted.shape == (5, channels, 3, 3)
    torch.testing.assert_close(respond(adapted, channels), respond(weight, 3))


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Weights as if they had been downloaded, but our own, and their path."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    return put("squeezenet1_1", published.squeezenet1_1(), tmp_path)


def put(name: str, model: nn.Module, home: Path) -> Path:
    """Weights where a download would put them."""
    url = published.get_model_weights(name).DEFAULT.url
    path = home / "hub" / "checkpoints" / url.rpartition("/")[2]
    path.parent.mkdir(parents=True)
    torch.save(model.state_dict(), path)
    return path


def test_pretrained_weights_are_used_but_for_the_head(weights: Path) -> None:
    state = torch.load(weights, weights_only=True)
    model = build("squeezenet1_1", (1, 32, 32), pretrained=True)
    ours = model.state_dict()
    first = state["features.0.weight"].sum(1, keepdim=True)
    torch.testing.assert_close(ours["features.0.weight"], first)
    kept = [key for key in state if not key.startswith(("features.0.weight", "classifier"))]
    assert len(kept) == 49 and all(torch.equal(ours[key], state[key]) for key in kept)
    assert ours["classifier.1.weight"].shape == (7, 512, 1, 1)


def test_a_pretrained_segmentation_net_keeps_all_but_its_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    name = "lraspp_mobilenet_v3_large"
    state = torch.load(
        put(name, published.get_model(name, weights_backbone=None), tmp_path), weights_only=True
    )
    ours = build(name, (3, 32, 32), pretrained=True).net.state_dict()
    changed = {key for key in state if ours[key].shape != state[key].shape}
    ends = ("classifier.low_classifier", "classifier.high_classifier")
    assert changed == {f"{end}.{kind}" for end in ends for kind in ("weight", "bias")}
    assert all(torch.equal(ours[key], state[key]) for key in state.keys() - changed)


def test_damaged_weights_are_named(weights: Path) -> None:
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(OSError, match=r"^the weights of torchvision:squeezenet1_1 are damaged"):
        build("squeezenet1_1", (1, 32, 32), pretrained=True)


def test_without_a_network_the_fix_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    # urllib keeps the proxies it saw first for all that come after in this process.
    monkeypatch.setattr(urllib.request, "_opener", None)
    # Nothing listens there: the connection is refused at once.
    for scheme in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(scheme, "http://127.0.0.1:9")
    with pytest.raises(OSError, match=r"can't be downloaded \(.*refused.*leave out --pretrained$"):
        build("squeezenet1_1", (3, 32, 32), pretrained=True)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
