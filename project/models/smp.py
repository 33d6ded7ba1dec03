"""Any net of segmentation_models_pytorch, as `smp:ARCH/ENCODER`; see `requirements-smp.txt`."""

import re
from typing import Any

from torch import Tensor, nn
from torch.nn.functional import pad

from project.words.telling import did_you_mean

try:
    import segmentation_models_pytorch as smp
except ModuleNotFoundError as error:
    if error.name != "segmentation_models_pytorch":
        raise
    smp = None

TASKS = ("segmentation",)
# Of an encoder's name that timm knows; the others are smp's own.
OF_TIMM = "tu-"


class Padded(nn.Module):
    """Lets a net take images of any size, of whose sides it needs a multiple.

    Zeros, which are the mean of normalised images, come below and to the right; what the net says
    of them is cut off. Maps `(batch, channels, height, width)` to `(batch, n_classes, height,
    width)`.

    Args:
        net: what takes them.
        stride: whose multiples it takes.
    """

    def __init__(self, net: nn.Module, stride: int) -> None:
        super().__init__()
        self.net, self.stride = net, stride

    def forward(self, inputs: Tensor) -> Tensor:
        height, width = inputs.shape[2:]
        padded = pad(inputs, (0, -width % self.stride, 0, -height % self.stride))
        return self.net(padded)[:, :, :height, :width]


def build(shape: tuple[int, int, int], n_classes: int, hparams: Any, variant: str) -> nn.Module:
    """The net `ARCH` with the encoder `ENCODER`, for images of any size.

    With `hparams.pretrained` its encoder has the weights of ImageNet, downloaded once.

    Inputs `(batch, channels, height, width)` float32, logits `(batch, n_classes, height, width)`.

    Raises:
        ValueError: segmentation_models_pytorch is not installed, has no such net or encoder, or
            they don't go together.
        OSError: the weights can't be downloaded.
    """
    if smp is None:
        raise ValueError(
            f"--model smp:{variant} needs segmentation_models_pytorch: pip install -r"
            " requirements-smp.txt"
        )
    arch, slash, encoder = variant.partition("/")
    _check_name("net", arch, smp.MODEL_ARCHITECTURES_MAPPING, variant)
    if not slash:
        raise ValueError(f"--model smp:{variant} names no encoder: write smp:{arch}/resnet34, say")
    if not encoder.startswith(OF_TIMM):
        _check_name("encoder", encoder, smp.encoders.encoders, variant)
    weights = "imagenet" if hparams.pretrained else None
    try:
        net = smp.create_model(arch, encoder, weights, in_channels=shape[0], classes=n_classes)
    except (KeyError, RuntimeError, TypeError, ValueError) as error:
        why = re.sub(r"\s+", " ", str(error)).strip("'\" .")
        raise ValueError(f"--model smp:{variant} can't be made: {why}") from error
    return Padded(net, net.encoder.output_stride)


def _check_name(what: str, name: str, known: Any, variant: str) -> None:
    if name not in known:
        near = did_you_mean(name, known)
        raise ValueError(
            f"--model smp:{variant}: segmentation_models_pytorch has no {what} {name!r}{near}"
        )
