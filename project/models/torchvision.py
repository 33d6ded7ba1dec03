"""Any classifier or segmentation net of torchvision, its first and last layers made to fit."""

from collections.abc import Mapping
from typing import Any
from urllib.error import URLError

import torch
from torch import Tensor, nn
from torchvision import models

from project.words.telling import did_you_mean

TASKS = ("classification", "segmentation")
# Those that serve the second; all others serve the first. Read without importing, like TASKS.
SEGMENTATION = (
    "deeplabv3_mobilenet_v3_large",
    "deeplabv3_resnet101",
    "deeplabv3_resnet50",
    "fcn_resnet101",
    "fcn_resnet50",
    "lraspp_mobilenet_v3_large",
)
PUBLISHED_CLASSES = 21  # of Pascal VOC, its background among them


class Out(nn.Module):
    """The logits `(batch, n_classes, height, width)` among what a segmentation net gives.

    Args:
        net: gives a mapping with "out" in it.
    """

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, inputs: Tensor) -> Tensor:
        outputs: Mapping[str, Tensor] = self.net(inputs)
        return outputs["out"]


def build(shape: tuple[int, int, int], n_classes: int, hparams: Any, variant: str) -> nn.Module:
    """The model that torchvision calls `variant`, for images of `shape` and `n_classes` classes.

    With `hparams.pretrained` its published weights are used (downloaded once to torch's hub
    folder), all but the head's. Its size and dropout are the architecture's own.

    Inputs `(batch, channels, height, width)` float32, logits `(batch, n_classes)`, those of a
    segmentation net `(batch, n_classes, height, width)`.

    Raises:
        ValueError: no such model, or it can't take images of this shape.
        OSError: the weights can't be downloaded.
    """
    names = [*models.list_models(module=models), *SEGMENTATION]
    if variant not in names:
        near = did_you_mean(variant, names)
        raise ValueError(
            f"--model 'torchvision:{variant}' is unknown{near} (names:"
            " https://pytorch.org/vision/stable/models.html)"
        )
    try:
        model = _create(variant, shape, hparams.pretrained)
        _adapt_first_convolution(model, shape[0], hparams.pretrained)
        if variant in SEGMENTATION:
            _replace_outputs(model, n_classes)
            model = Out(model)
        else:
            _replace_head(model, n_classes)
        _try_out(model, shape)
    except (AssertionError, RuntimeError, ValueError) as error:
        reason = str(error).splitlines()[0].rstrip(".!")
        raise ValueError(
            f"--model torchvision:{variant} can't take images of {shape[1]}x{shape[2]} pixels"
            f" ({reason}); use images of another size or --model resnet, which takes any from 4x4"
        ) from error
    return model


def adapt_channels(weight: Tensor, channels: int) -> Tensor:
    """A first convolution's weight for other channels, with the same response to grey images.

    One channel gets the sum over the original ones, more repeat them in turn, scaled down.

    Args:
        weight: `(out_channels, in_channels, height, width)`.
        channels: wanted input channels.

    Returns:
        `(out_channels, channels, height, width)`.

    Source: `adapt_input_conv` of huggingface/pytorch-image-models.
    """
    in_channels = weight.shape[1]
    if channels == 1:
        return weight.sum(1, keepdim=True)
    return weight[:, torch.arange(channels) % in_channels] * (in_channels / channels)


def _create(name: str, shape: tuple[int, int, int], pretrained: bool) -> nn.Module:
    options: dict[str, Any] = {}
    if name.startswith("vit_"):
        options["image_size"] = shape[1]
    elif name.startswith("maxvit"):
        options["input_size"] = shape[1:]
    elif name in ("googlenet", "inception_v3"):
        # Left out, torchvision warns that its default will change.
        options["init_weights"] = not pretrained
    elif name in SEGMENTATION and not pretrained:
        # Otherwise those of ImageNet are downloaded.
        options["weights_backbone"] = None
    model = _published(name, options) if pretrained else models.get_model(name, **options)
    if name in ("googlenet", "inception_v3"):
        # Auxiliary outputs would need losses of their own, and the data is normalised already.
        model.aux_logits = model.transform_input = False
        for head in {"aux1", "aux2", "AuxLogits"} & dict(model.named_children()).keys():
            setattr(model, head, None)
    if getattr(model, "aux_classifier", None) is not None:
        model.aux_classifier = None
    return model


def _published(name: str, options: dict[str, Any]) -> nn.Module:
    try:
        return models.get_model(name, weights="DEFAULT", **options)
    except URLError as error:
        raise OSError(
            f"the weights of torchvision:{name} can't be downloaded ({error.reason}): connect to"
            " the network, or leave out --pretrained"
        ) from error
    except RuntimeError as error:
        raise OSError(
            f"the weights of torchvision:{name} are damaged ({str(error).splitlines()[0]}): remove"
            f" them from {torch.hub.get_dir()}/checkpoints and try again"
        ) from error


def _adapt_first_convolution(model: nn.Module, channels: int, pretrained: bool) -> None:
    name, old = next((n, m) for n, m in model.named_modules() if isinstance(m, nn.Conv2d))
    if old.in_channels == channels:
        return
    bias = old.bias is not None
    new = nn.Conv2d(channels, old.out_channels, old.kernel_size, old.stride, old.padding, bias=bias)
    if pretrained:
        new.weight = nn.Parameter(adapt_channels(old.weight.detach(), channels))
        new.bias = old.bias
    model.set_submodule(name, new)


def _replace_head(model: nn.Module, n_classes: int) -> None:
    """Put a new layer in place of the last: linear, or in squeezenet a 1x1 convolution."""
    layers = [(n, m) for n, m in model.named_modules() if isinstance(m, nn.Linear | nn.Conv2d)]
    name, old = layers[-1]
    if isinstance(old, nn.Linear):
        new: nn.Module = nn.Linear(old.in_features, n_classes, bias=old.bias is not None)
    else:
        new = nn.Conv2d(old.in_channels, n_classes, kernel_size=old.kernel_size)
    model.set_submodule(name, new)


def _replace_outputs(model: nn.Module, n_classes: int) -> None:
    """Put new layers in place of those, one or two, whose outputs are the published classes."""
    layers = [(n, m) for n, m in model.classifier.named_modules() if isinstance(m, nn.Conv2d)]
    for name, old in layers:
        if old.out_channels == PUBLISHED_CLASSES:
            new = nn.Conv2d(old.in_channels, n_classes, old.kernel_size)
            model.classifier.set_submodule(name, new)


@torch.no_grad()
def _try_out(model: nn.Module, shape: tuple[int, int, int]) -> None:
    """One forward pass, so that a shape the model can't take is known before training."""
    model.eval()
    model(torch.zeros(1, *shape))
    model.train()
