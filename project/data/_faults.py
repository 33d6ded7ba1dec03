"""What is wrong with what a data set's file loads, before anything is made of it."""

from typing import Any

import torch

from project.data.normalisation import UNITS
from project.data.ragged import Ragged
from project.data.samples import Raw, Resident
from project.data.streamed import Streamed
from project.data.targets import Labels, OfPixels
from project.values import IGNORED
from project.words.returned import dtype_name, if_none

# What `Samples` asks for.
_NEEDED = ("targets", "shape", "dtype", "device", "resident", "fetch", "stream", "content", "to")
# What `Targets` does, and asks for.
_OF_TARGETS = ("kind", "strata", "fetch", "moved", "ready", "counts", "content", "key", "to")


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
    if lacking := [name for name in _OF_TARGETS if not hasattr(targets, name)]:
        return (
            f"has targets that are {_kind(targets)} without {lacking[0]}: Labels(values) or"
            " Masks(values) makes them"
        )
    if len(part) == 0 or len(targets) != len(part):
        return f"has {len(part)} images and {len(targets)} targets"
    if targets.kind != train.targets.kind:
        return f"has {targets.kind}, but train has {train.targets.kind}"
    return _fault_of_targets(targets, len(classes)) or _fault_of_images(part, train)


def _fault_of_targets(targets: Any, n_classes: int) -> str | None:
    last = n_classes - 1
    if isinstance(targets, Labels):
        outside = ((targets.values < 0) | (targets.values > last)).nonzero().flatten()
        if len(outside):
            i = int(outside[0])
            return (
                f"has target {int(targets.values[i])} at sample {i}: those of {n_classes} classes"
                f" are 0..{last}"
            )
    if isinstance(targets, OfPixels):
        found = targets.occurrences(torch.arange(len(targets)))[:, n_classes:IGNORED]
        samples, values = found.nonzero(as_tuple=True)
        if len(samples):
            return (
                f"has {int(values[0]) + n_classes} in the mask of sample {int(samples[0])}: those"
                f" of {n_classes} classes are 0..{last}, and {IGNORED} where it counts nowhere"
            )
    return None


def _fault_of_images(part: Any, train: Any) -> str | None:
    shape, dtype = tuple(part.shape), part.dtype
    if len(shape) != 3 or shape != tuple(train.shape):
        return f"has images of shape {shape}, not (channels, height, width) as train's"
    if dtype not in UNITS or dtype != train.dtype:
        known = " or ".join(map(dtype_name, UNITS))
        return f"has images of {dtype}, not {known} as train's"
    if isinstance(part, Streamed | Ragged):
        return None  # it is ours, and would decode a picture
    image = part.fetch(torch.tensor([0]))
    if not isinstance(image, torch.Tensor) or image.dtype != dtype or image.shape[1:] != shape:
        expected = f"(1, {', '.join(map(str, shape))}) {dtype_name(dtype)}"
        return f"fetches {_kind(image)} for one image, no {expected}"
    return _not_finite(part) if isinstance(part, Resident) else None


def _not_finite(part: Resident) -> str | None:
    if part.dtype == torch.uint8:
        return None
    odd = (~part.images.flatten(1).isfinite().all(1)).nonzero().flatten()
    return f"has NaN or infinity in image {int(odd[0])}" if len(odd) else None


def _kind(value: Any) -> str:
    if isinstance(value, torch.Tensor):
        return f"a tensor {tuple(value.shape)} {dtype_name(value.dtype)}"
    if value is None:
        return "None"
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
