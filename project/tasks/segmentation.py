"""Segmentation: each pixel of an image is of one class."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from project.hyperparameters import flag
from project.metrics import mean_ious
from project.tasks import _outputs, _task, _windows
from project.tasks._canvas import shortened
from project.tasks._entropy import entropy
from project.tasks._gallery import Colour
from project.tasks._of_classes import OfClasses
from project.tasks._reports import save_report
from project.values import IGNORED, Example, Prediction

MAX_CLASSES_IN_LEGEND = 40


class Settings:
    window: int = flag(
        512,
        "pixels a side up to which a picture is evaluated whole; of a larger one, overlapping"
        " windows of this size are, and their logits blended",
        bounds="[8, 65536]",
    )


class Segmentation(OfClasses):
    """Images `(b, C, H, W)` to logits `(b, n_classes, H, W)`; targets `(b, H, W)` int64.

    A target is 0 to n_classes - 1, or IGNORED for a pixel that counts nowhere.
    """

    name = "segmentation"
    accepts = "masks"
    headline = ("mean_iou", "mean_dice", "pixel_accuracy")
    judged = "mean_iou"
    outputs = "logits"
    drawn = "image, truth, prediction, error (red)"
    n_blank = 1

    def __init__(
        self, shape: tuple[int, int, int], classes: tuple[str, ...], hparams: Any = None
    ) -> None:
        super().__init__(shape, classes)
        if not 2 <= len(classes) <= IGNORED:
            raise ValueError(
                f"segmentation needs 2 to {IGNORED} classes, background among them, not"
                f" {len(classes)}: check --data"
            )
        usual: Any = Settings.window
        self.window = usual.default if hparams is None else hparams.settings(__name__).window
        self._largest = (0, 0)

    def infer(self, model: nn.Module, inputs: Tensor) -> Tensor:
        """The model's logits, blended of overlapping windows where images are larger than one."""
        size = (inputs.shape[-2], inputs.shape[-1])
        if _windows.fits(size, self.window):
            return model(inputs)
        self._largest = max(self._largest, size, key=max)
        return _windows.blended(model, inputs, self.window)

    def notes(self) -> list[str]:
        """That windows were blended."""
        if not any(self._largest):
            return []
        size = "x".join(map(str, self._largest))
        return [
            f"pictures of up to {size} pixels were evaluated in overlapping windows of"
            f" {self.window}, whose logits are blended; --window {max(self._largest)} takes each"
            " whole"
        ]

    def blank_targets(self, n: int) -> Tensor:
        """Pixels of all classes in turn, and an ignored one in a corner."""
        height, width = self.shape[1:]
        pixels = torch.arange(n * height * width).view(n, height, width) % self.n_outputs
        pixels[:, -1, -1] = IGNORED
        return pixels

    def blank_outputs(self, targets: Tensor) -> Tensor:
        classes = torch.arange(self.n_outputs).view(-1, 1, 1)
        return (targets[:, None] == classes).float()

    def check(self, outputs: Any, n: int, device: torch.device) -> str | None:
        """Logits `(batch, n_classes, H, W)`, floating, finite, on the inputs' device."""
        height, width = self.shape[1:]
        wanted = f"logits (batch, {self.n_outputs}, {height}, {width})"
        shape = (n, self.n_outputs, height, width)
        return _outputs.fault(outputs, shape, wanted, device, _misshapen)

    def weights(self, targets: Tensor) -> Tensor:
        """1 for each sample, 0 for one all of whose pixels are ignored."""
        return (targets != IGNORED).flatten(1).any(1).float()

    def badness(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """1 - mean IoU of the picture, over the classes that it has or that are predicted in it.

        NaN where all of it is ignored.
        """
        # `max` takes a tenth of the time of `argmax` on some CPUs.
        return 1 - mean_ious(outputs.max(1).indices, targets, self.n_outputs)

    def columns(self, outputs: Tensor, targets: Tensor) -> dict[str, Tensor]:
        """Of the pixels that count: the picture's mean IoU, mean entropy / ln C, and their number.

        NaN where all of it is ignored.
        """
        return self._columns(outputs, targets, self.badness(outputs, targets))

    def told(self, outputs: Tensor, targets: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """By one count of pixels, which takes as long as half of all metrics."""
        if type(self) is not Segmentation:
            return super().told(outputs, targets)
        badness = self.badness(outputs, targets)
        return badness, self._columns(outputs, targets, badness)

    def _columns(self, outputs: Tensor, targets: Tensor, badness: Tensor) -> dict[str, Tensor]:
        counts = (targets != IGNORED).flatten(1)
        unsure = entropy(self.probs(outputs)).flatten(1)
        n_pixels = counts.sum(1)
        return {
            "iou": 1 - badness,
            "entropy": unsure.mul(counts).sum(1) / n_pixels,
            "n_pixels": n_pixels,
        }

    def raw_columns(self, outputs: Tensor) -> dict[str, Tensor]:
        """None: maps of logits are no row of a table."""
        return {}

    def kept(self, outputs: Tensor) -> Tensor:
        """The class of each pixel, `(b, H, W)` uint8: logits of many classes take a lot."""
        return outputs.max(1).indices.to(torch.uint8)

    def restored(self, kept: Tensor) -> Prediction:
        """The mask, without probabilities."""
        return Prediction(kept.cpu().numpy())

    def values(self, decisions: Tensor) -> np.ndarray:
        """The masks, `(b, H, W)` uint8."""
        return decisions.to("cpu", torch.uint8).numpy()

    def draw(self, example: Example, prediction: Prediction) -> np.ndarray:
        """Side by side: the image, what is true, what was predicted, and where that is wrong."""
        target, preds = np.asarray(example.target), np.asarray(prediction.value)
        wrong = (preds != target) & (target != IGNORED)
        marks = np.where(wrong[..., None], np.uint8([220, 40, 40]), np.uint8([235, 235, 235]))
        parts = [_task.rgb(example.image), _coloured(target), _coloured(preds), marks]
        height, width = target.shape
        between = np.full((height, math.ceil(width / 48), 3), 255)
        spaced = [piece for part in parts for piece in (between, part)]
        return np.concatenate(spaced[1:], axis=1).astype(np.uint8)

    def caption(self, example: Example, prediction: Prediction) -> str:
        pair = (torch.from_numpy(np.array(v, np.int64)) for v in (prediction.value, example.target))
        preds, target = (values[None] for values in pair)
        return f"IoU {float(mean_ious(preds, target, self.n_outputs)):.3f}"

    def over(self, image: np.ndarray, prediction: Prediction) -> np.ndarray:
        """The classes' colours over the grey image; less of the first class, mostly ground."""
        grey = _task.rgb(image).mean(2, keepdims=True)
        mask = np.asarray(prediction.value)
        share = np.where(mask[..., None] == 0, 0.15, 0.55)
        return ((1 - share) * grey + share * _coloured(mask)).astype(np.uint8)

    def picture(self, prediction: Prediction) -> Image.Image:
        """The mask as a picture with a palette, whose indices are the classes."""
        found = Image.fromarray(np.asarray(prediction.value, np.uint8), "P")
        found.putpalette(_PALETTE.tobytes())
        return found

    @property
    def legend(self) -> list[tuple[str, Colour]]:
        """The classes' colours, as far as a legend of them can be read."""
        colours = map(tuple, _PALETTE[: self.n_outputs].tolist())
        found = list(zip(map(shortened, self.classes), colours, strict=True))
        return found if len(found) <= MAX_CLASSES_IN_LEGEND else []

    def report(self, tables: Mapping[str, np.ndarray], folder: Path, of: str) -> None:
        """Write the confusion matrix, calibration, and error against entropy, of pixels."""
        save_report(tables, self.classes, folder, of, "pixels")


def _coloured(mask: np.ndarray) -> np.ndarray:
    """A mask `(H, W)` as a picture `(H, W, 3)` uint8; what is ignored is white."""
    return _PALETTE[mask]


def _palette() -> np.ndarray:
    """A colour for each value of a mask, `(256, 3)` uint8, as PASCAL VOC has them.

    Bits 0, 3 and 6 of a value are the highest three of red, bits 1, 4 and 7 of green, and so on.
    """
    values, colours = np.arange(256), np.zeros((256, 3), np.int64)
    for channel in range(3):
        for i in range(3):
            colours[:, channel] |= (values >> (3 * i + channel) & 1) << (7 - i)
    colours[IGNORED] = 255
    return colours.astype(np.uint8)


_PALETTE = _palette()


def _misshapen(shape: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    """Advice for a shape that is not `(n, n_classes, H, W)`."""
    n, n_classes, *size = wanted
    if shape[:1] != (n,):
        return ": the first dimension is the batch's, and has to stay"
    if len(shape) == 2:
        return ": that is a class of each image; each pixel needs logits, as of --model unet"
    if list(shape[1:]) == size:
        return ": it needs a channel of logits for each class, not an argmax"
    if list(shape[1:]) == [*size, n_classes]:
        return ": the classes come before height and width: .permute(0, 3, 1, 2)"
    if len(shape) == 4 and list(shape[2:]) == size:
        return ": its last layer needs n_classes channels"
    if len(shape) == 4 and shape[1] == n_classes:
        return ": scale it to the height and width of its inputs"
    return ": each pixel of its inputs needs a logit for each class"
