"""All models alike: shapes, seeds, one-sample batches and errors; and each one's own promises."""

import os
from typing import Any

import pytest
import torch
from torch import nn

from project import models, plugs
from project.hyperparameters import Hyperparameters
from project.models.resnet import n_stages
from project.processes.normalisation import adapt_norms
from tests import forks

# Nets for segmentation have tests of their own.
CLASSIFIERS = [name for name in plugs.names("model") if name not in ("file", "smp", "unet")]
NAMES = [name + (":resnet18" if name == "torchvision" else "") for name in CLASSIFIERS]


def settings(model: str, **changes: Any) -> Hyperparameters:
    defaults = {"hidden_dim": 16, "width": 4, "depth": 2, "dropout": 0.1}
    return Hyperparameters(model=model, **(defaults | changes))


def build(model: str, shape: tuple[int, int, int] = (1, 8, 8), **changes: Any) -> nn.Module:
    return models.build(shape, 10, settings(model, **changes))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", [(1, 4, 4), (3, 8, 8), (2, 5, 19), (3, 32, 32), (1, 70, 66)])
def test_logits_and_gradients_for_any_shape(name: str, shape: tuple[int, int, int]) -> None:
    model = build(name, shape)
    logits = model(torch.randn(3, *shape))
    assert logits.shape == (3, 10) and logits.dtype == torch.float32
    logits.square().sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", [(1, 4, 4), (3, 9, 9)])
def test_a_training_batch_may_be_one_sample(name: str, shape: tuple[int, int, int]) -> None:
    model = build(name, shape, depth=4).train()
    adapt_norms(model)  # as a run does
    assert model(torch.randn(1, *shape)).isfinite().all()


@pytest.mark.parametrize("name", NAMES)
def test_weights_follow_from_the_seed(name: str) -> None:
    states = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        states.append(build(name).state_dict())
    first, same, other = states
    assert all(torch.equal(first[key], same[key]) for key in first)
    assert any(not torch.equal(first[key], other[key]) for key in first)


@pytest.mark.parametrize("name", ["mlp", "cnn", "resnet", "hrnet"])
def test_a_model_learns_a_batch(name: str) -> None:
    torch.manual_seed(0)
    inputs, targets = torch.randn(16, 1, 8, 8), torch.arange(16) % 10
    model = build(name, dropout=0.0)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for _ in range(40):
        loss = nn.functional.cross_entropy(model(inputs), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    # Guessing evenly among 10 classes costs log 10 = 2.30.
    assert loss < 0.5


@pytest.mark.parametrize("name", ["mlp", "cnn"])
def test_dropout_is_active_in_training_only(name: str) -> None:
    model, inputs = build(name, dropout=0.5), torch.randn(4, 1, 8, 8)
    model.eval()
    assert torch.equal(model(inputs), model(inputs))
    for module in model.modules():
        module.train(isinstance(module, nn.Dropout))
    assert not torch.equal(model(inputs), model(inputs))


def test_only_the_file_of_the_model_is_imported() -> None:
    code = (
        # As a process that has loaded neither.
        "import sys, types\n"
        "for name in list(sys.modules):\n"
        "    if name.partition('.')[0] in ('project', 'torchvision'): del sys.modules[name]\n"
        "from project import models;"
        "models.build((1, 8, 8), 2, types.SimpleNamespace(model='mlp', depth=1, hidden_dim=2,"
        " dropout=0.0)); print([m for m in sys.modules if m.startswith('project.models.')"
        " and '._' not in m], 'torchvision' in sys.modules)"
    )
    assert forks.told(["-c", code], os.environ).strip() == "['project.models.mlp'] False"


@pytest.mark.parametrize(
    "model, message",
    [
        (
            "mlpp",
            r"--model 'mlpp' is unknown, did you mean 'mlp'\? \(choices: cnn, file, hrnet, .*\)",
        ),
        ("_shape", r"--model '_shape' is unknown.*"),
        ("cnn:big", r"--model 'cnn:big': cnn takes no variant, write --model cnn"),
        ("torchvision", r"--model 'torchvision': .* write --model torchvision:NAME"),
    ],
)
def test_a_wrong_name_is_refused_in_a_line(model: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        build(model)


@pytest.mark.parametrize("name", ["cnn", "resnet"])
def test_images_too_small_are_refused_in_a_line(name: str) -> None:
    with pytest.raises(ValueError, match=f"^--model {name} can't take images of 3x8 pixels.*mlp$"):
        build(name, (1, 3, 8))


def test_mlp_has_the_hidden_layers_asked_for() -> None:
    model = build("mlp", (2, 3, 5), hidden_dim=7, depth=3)
    # 2 x 3 x 5 = 30 inputs; weights and biases of 30-7, 7-7, 7-7 and 7-10.
    assert models.n_parameters(model) == 30 * 7 + 7 + 2 * (7 * 7 + 7) + 7 * 10 + 10


def test_cnn_doubles_its_channels_while_it_halves_the_sides() -> None:
    model = build("cnn", (1, 9, 16), width=4, depth=4)
    features = [block(torch.zeros(1, 1, 9, 16)) for block in [model.blocks[:1], model.blocks[:2]]]
    assert [tuple(f.shape[1:]) for f in features] == [(4, 4, 8), (8, 2, 4)]
    # Sides of 2 are not halved again, and the channels stay.
    assert tuple(model.blocks(torch.zeros(1, 1, 9, 16)).shape[1:]) == (16, 2, 4)


@pytest.mark.parametrize(
    "side, stages", [(4, 1), (7, 1), (8, 2), (16, 3), (28, 3), (32, 4), (64, 4)]
)
def test_resnet_has_as_many_stages_as_the_image_allows(side: int, stages: int) -> None:
    assert n_stages(side) == stages
    model = build("resnet", (1, side, side), width=2, depth=1)
    features = model.blocks(model.stem(torch.zeros(1, 1, side, side)))
    last = -(-side // 2 ** (stages - 1))
    assert tuple(features.shape[1:]) == (2 * 2 ** (stages - 1), last, last)


def test_resnet_reduces_large_images_first() -> None:
    model = build("resnet", (3, 224, 224), width=2, depth=1)
    # 224 is halved twice to 56, then by three of the four stages to 7.
    assert model.stem(torch.zeros(1, 3, 224, 224)).shape[2:] == (56, 56)
    assert model.blocks(torch.zeros(1, 2, 56, 56)).shape[2:] == (7, 7)


def test_an_untrained_residual_block_passes_its_input_on() -> None:
    block = build("resnet", width=4, depth=2).blocks[1].eval()
    nn.init.zeros_(block.conv2.weight)
    features = torch.randn(2, 4, 8, 8)
    torch.testing.assert_close(block(features), features)
