"""A sheet of what a recipe makes of training samples: each before, and after, in several epochs."""

import colorsys
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from project.data import Data, Subset, prepare
from project.data.examples import shown
from project.data.order import permutation
from project.hyperparameters import Hyperparameters
from project.values import IGNORED, Batch

EPOCHS = 6  # columns, besides the first
LEAST = 72  # pixels a side of an image on the sheet
GAP, LINE = 6, 16
_GOLDEN = 0.618034  # of the circle of hues: classes that follow each other look unlike


class Sheet(NamedTuple):
    """The picture, and what there is to say of the recipe.

    Attributes:
        picture: to be saved.
        lines: for a person.
    """

    picture: Image.Image
    lines: list[str]


def draw(hparams: Hyperparameters, n: int) -> Sheet:
    """Let a recipe change a few training samples, exactly as training does.

    Args:
        hparams: with the data and the recipe.
        n: samples, at most.

    Raises:
        ValueError: the recipe or the data can't be used; a line for each reason.
        OSError: the data can't be read.
    """
    dataset = prepare(hparams)
    few = _some(dataset, n, hparams.seed)
    flags = hparams.replace(batch_size=len(few.train), sampler="shuffle")
    columns = [("before", _cells(_batch(replace(few, recipe=None), flags, 0), dataset))]
    for epoch in range(EPOCHS):
        columns.append((f"epoch {epoch + 1}", _cells(_batch(few, flags, epoch), dataset)))
    return Sheet(_composed(columns), list(_told(dataset)))


def _some(dataset: Data, n: int, seed: int) -> Data:
    """The data with a few training samples alone."""
    chosen = permutation(len(dataset.train), seed, "sheet")[:n].sort().values
    parts = {"train": dataset.train, **dataset.inputs}
    inputs = dict(dataset.inputs) | {
        "train": Subset(parts["train"].samples, parts["train"].indices[chosen])
    }
    return replace(
        dataset, train=Subset(dataset.train.samples, dataset.train.indices[chosen]), inputs=inputs
    )


def _batch(dataset: Data, flags: Hyperparameters, epoch: int) -> Batch:
    """All samples of an epoch, in the order of the data set."""
    loader = dataset.loader("train", flags)
    loader.seek(epoch)
    ((batch,),) = loader
    order = batch.indices.argsort()
    assert isinstance(batch.targets, Tensor)
    return batch._replace(inputs=batch.inputs[order], targets=batch.targets[order])


def _cells(batch: Batch, dataset: Data) -> list[list[np.ndarray]]:
    """Of each sample its image, or all views of it, `(H, W, 3)` uint8; and its mask, if it has one.

    Images stand below each other on the sheet.
    """
    mean, std = (torch.tensor(v).view(-1, 1, 1) for v in (dataset.mean, dataset.std))
    pixels = batch.inputs.cpu() * std + mean
    if dataset.dtype == "uint8":
        pixels = (pixels * 255).round().clamp(0, 255).to(torch.uint8)
    found = []
    for image, target in zip(pixels.numpy(), batch.targets.cpu().numpy(), strict=True):
        cell = [_rgb(shown(view)) for view in image.reshape(-1, *image.shape[-3:])]
        if target.ndim == 2:
            cell.append(_coloured(target))
        found.append(cell)
    return found


def _rgb(image: np.ndarray) -> np.ndarray:
    return image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2)


def _coloured(mask: np.ndarray) -> np.ndarray:
    """A mask `(H, W)` in colours; the first class is black, what is ignored white."""
    colours = np.zeros((256, 3))
    for value in range(1, 256):
        colours[value] = colorsys.hsv_to_rgb(value * _GOLDEN % 1, 0.75, 0.95)
    colours[IGNORED] = 1
    return (colours[mask] * 255).astype(np.uint8)


def _composed(columns: list[tuple[str, list[list[np.ndarray]]]]) -> Image.Image:
    """A column for each epoch, a row for each sample; masks stand below their images."""
    height, width = columns[0][1][0][0].shape[:2]
    factor = max(1, -(-LEAST // min(height, width)))
    height, width = height * factor, width * factor
    # Before a recipe there is one view alone.
    rows = max(len(cells[0]) for _, cells in columns)
    n = rows * len(columns[0][1])
    size = GAP + len(columns) * (width + GAP), LINE + GAP + n * (height + GAP)
    sheet = Image.new("RGB", size, "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(12)
    for i, (title, cells) in enumerate(columns):
        left = GAP + i * (width + GAP)
        pen.text((left, GAP // 2), title, fill="black", font=font)
        places = [
            (j * rows + k, each) for j, cell in enumerate(cells) for k, each in enumerate(cell)
        ]
        for row, pixels in places:
            image = Image.fromarray(pixels).resize((width, height), Image.Resampling.NEAREST)
            sheet.paste(image, (left, LINE + GAP + row * (height + GAP)))
    return sheet


def _told(dataset: Data) -> list[str]:
    recipe = dataset.recipe
    assert recipe is not None
    before, after = ("x".join(map(str, shape)) for shape in (dataset.taken, dataset.shape))
    each = [
        (name, ", ".join(f"{x:.4g}" for x in getattr(dataset, name))) for name in ("mean", "std")
    ]
    how = {name: "measured" if name in recipe.measured else "given" for name, _ in each}
    steps = recipe.augmentation.steps if recipe.augmentation else ()
    return [
        f"recipe   {recipe.name} ({recipe.hash.removeprefix('blake3:')[:12]})",
        f"images   {before}" + (f", prepared to {after}" if before != after else ""),
        *(f"{name:<8} {values} ({how[name]})" for name, values in each),
        f"steps    {len(recipe.each)} for all images, {len(steps)} for training ones",
    ]
