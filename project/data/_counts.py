"""How many samples and, of masks, pixels of each class a split has."""

from typing import Any

from project.data.samples import Subset
from project.data.targets import Labels
from project.values import IGNORED


def counted(part: Subset, n_classes: int) -> dict[str, Any]:
    """What the record says of a split's size.

    Returns:
        `total`, samples; `per_class`, samples of each class, or its pixels in masks. Of masks also
        `pixels`, all of them; `ignored`, those that count nowhere; and `pictures`, those in which
        there is anything of each class.
    """
    targets, total = part.samples.targets, {"total": len(part)}
    if targets.kind == Labels.kind:
        return total | {"per_class": targets.counts(part.indices, n_classes).tolist()}
    found = targets.occurrences(part.indices)
    of_value = found.sum(0)
    return total | {
        "per_class": of_value[:n_classes].tolist(),
        "pixels": int(of_value.sum()),
        "ignored": int(of_value[IGNORED]),
        "pictures": (found[:, :n_classes] > 0).sum(0).tolist(),
    }
