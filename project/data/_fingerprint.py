"""The data's content hash: equal for equal images, targets and class names, wherever they lie."""

import json
from collections.abc import Mapping, Sequence

from blake3 import blake3

from project.data.blake import hasher
from project.data.samples import Subset


def split_hash(subset: Subset, classes: Sequence[str]) -> str:
    """`blake3:<hex>` of a split's targets, class names and images, in the order of its indices.

    Images, and masks, count with their data type, shape and pixels; those of a folder with the
    bytes of their files. Paths, times and the order in which a folder is listed do not count.
    """
    whole = hasher()
    whole.update(_canonical([list(classes), len(subset)]))
    for part in (subset.samples.targets, subset.samples):
        for chunk in part.content(subset.indices):
            whole.update(chunk)
    return f"blake3:{whole.hexdigest()}"


def total_hash(hashes: Mapping[str, str], classes: Sequence[str]) -> str:
    """`blake3:<hex>` of the splits' hashes by name and of the class names."""
    return f"blake3:{blake3(_canonical([dict(hashes), list(classes)])).hexdigest()}"


def _canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, ensure_ascii=True).encode()
