"""What each class counts in the loss, from what `--class-weights` asks for."""

from collections.abc import Sequence

import torch
from torch import Tensor

from project.cli.class_weights import by_class
from project.words.names import some
from project.words.telling import did_you_mean, quoted


def class_weights(asked: Sequence[str], classes: Sequence[str], counts: Tensor) -> Tensor | None:
    """The weights, of which the mean over the training samples, or pixels, is 1.

    Balanced ones are n / (number of classes * count), as scikit-learn's, of the classes that are
    there; a class that training lacks has a weight of 1.

    Args:
        asked: as on the command line; none: classes count alike.
        classes: their names.
        counts: of the samples, or the pixels that are not ignored, of each class in the training
            split, `(n_classes,)` int64.

    Returns:
        `(n_classes,)` float32; None: all 1.

    Raises:
        ValueError: a class is unknown or has no weight, or no class that trains has one above 0.
    """
    if not asked:
        return None
    given, counts = by_class(asked), counts.double()
    if given is None:
        there = counts > 0
        return torch.where(there, counts.sum() / (there.sum() * counts), 1).float()
    if problems := _problems(given, classes):
        raise ValueError("\n".join(problems))
    weights = torch.tensor([given[name] for name in classes], dtype=torch.float64)
    whole = (weights * counts).sum()
    if not whole > 0:
        raise ValueError("--class-weights: no class that trains has a weight above 0")
    return (weights * (counts.sum() / whole)).float()


def _problems(given: dict[str, float], classes: Sequence[str]) -> list[str]:
    unknown = [name for name in given if name not in classes]
    lacking = [name for name in classes if name not in given]
    told = [
        f"--class-weights: there is no class {quoted(name)}{did_you_mean(name, classes)}"
        for name in unknown[:3]
    ]
    if lacking:
        told.append(f"--class-weights: no weight is given of {some(lacking)}")
    return told
