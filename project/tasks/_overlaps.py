"""How far predicted and true masks overlap, picture by picture."""

import torch
from torch import Tensor

from project.values import IGNORED


def iou_of_samples(preds: Tensor, targets: Tensor, n_classes: int) -> Tensor:
    """The mean IoU of each picture, over the classes that are true or predicted in it.

    Args:
        preds: `(b, H, W)` int64 classes.
        targets: likewise, or IGNORED for pixels that count nowhere.
        n_classes: how many there are.

    Returns:
        `(b,)` float32 in [0, 1]; 1 where all pixels are ignored, of which nothing is wrong.
    """
    b, n = len(targets), n_classes
    counted = targets != IGNORED
    rows = torch.arange(b, device=targets.device).view(-1, 1, 1).expand_as(targets)[counted]
    pairs = (rows * n + targets[counted]) * n + preds[counted]
    matrix = torch.bincount(pairs, minlength=b * n * n).view(b, n, n)
    hits = matrix.diagonal(dim1=1, dim2=2)
    either = matrix.sum(1) + matrix.sum(2) - hits
    there = either > 0
    iou = torch.where(there, hits / either.clamp(min=1), 0)
    n_there = there.sum(1)
    return torch.where(n_there > 0, iou.sum(1) / n_there.clamp(min=1), 1).float()
