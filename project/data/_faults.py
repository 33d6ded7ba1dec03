"""What is wrong with what a data set's file loads, before anything is made of it."""

from typing import Any

import torch

from project.cli.faults import if_none
from project.data.samples import Raw
from project.data.streamed import Streamed

# What `Samples` asks for.
_NEEDED = ("targets", "shape", "device", "resident", "fetch", "stream", "content", "to", "__len__")


def fault_of(found: Any) -> str | None:
    """What is wrong with what `load` returned, in a line; None if nothing is."""
    if not isinstance(found, Raw):
        return f"returned {_kind(found)}, no Raw(train, test, classes){if_none(found)}"
    parts = {"train": found.train, "val": found.val, "test": found.test}
    there = {name: part for name, part in parts.items() if part is not None}
    if "train" not in there:
        return "returned a Raw without train"
    if why := _fault_of_classes(found.classes):
        return f"returned a Raw whose {why}"
    for name, part in there.items():
        if why := _fault_of_part(part, found.classes, there["train"]):
            return f"returned a Raw whose {name} {why}"
    return None


def _fault_of_classes(classes: Any) -> str | None:
    if not isinstance(classes, (tuple, list)):
        return f"classes are {_kind(classes)}, no tuple of names"
    if odd := [name for name in classes if not isinstance(name, str)]:
        return f"classes hold {odd[0]!r}, no text: tuple(map(str, ...)) makes names"
    twice = next((name for i, name in enumerate(classes) if name in classes[:i]), None)
    return f"classes hold {twice!r} twice" if twice is not None else None


def _fault_of_part(part: Any, classes: tuple[str, ...], train: Any) -> str | None:
    """What is wrong with the samples of one split."""
    if lacking := [name for name in _NEEDED if not hasattr(part, name)]:
        return (
            f"is {_kind(part)}, which has no {lacking[0]}: Resident(images, targets) makes samples"
        )
    targets = part.targets
    if not isinstance(targets, torch.Tensor) or targets.dtype != torch.int64 or targets.ndim != 1:
        return f"has targets that are {_kind(targets)}, no (n,) int64"
    if len(part) == 0 or len(targets) != len(part):
        return f"has {len(part)} images and {len(targets)} targets"
    outside = ((targets < 0) | (targets >= len(classes))).nonzero().flatten()
    if len(outside):
        i, last = int(outside[0]), len(classes) - 1
        return (
            f"has target {int(targets[i])} at sample {i}: those of {last + 1} classes are 0..{last}"
        )
    shape = tuple(part.shape)
    if len(shape) != 3 or shape != tuple(train.shape):
        return f"has images of shape {shape}, not (channels, height, width) as train's"
    if type(part) is Streamed:
        return None  # it is ours, and would decode a picture
    image = part.fetch(torch.tensor([0]))
    if (
        not isinstance(image, torch.Tensor)
        or image.dtype != torch.uint8
        or image.shape[1:] != shape
    ):
        return f"fetches {_kind(image)} for one image, no (1, {', '.join(map(str, shape))}) uint8"
    return None


def _kind(value: Any) -> str:
    if isinstance(value, torch.Tensor):
        return f"a tensor {tuple(value.shape)} {str(value.dtype).removeprefix('torch.')}"
    if value is None:
        return "None"
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
