"""Where each sample was before the data changed, so that none that was held out ever trains."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from blake3 import blake3
from torch import Tensor

from project.data._split import Splits
from project.data.files import Files
from project.data.ragged import Ragged
from project.data.samples import Samples, Subset

# Of each sample's hash; two of a million samples share as many with a chance of 1 in 30 million.
HASH_BYTES = 8
# Images without files have to be hashed for it, at about 1 GB/s: larger ones are not.
LARGEST = 32 * 2**20
_NEW = -1


class Former(NamedTuple):
    """Data as a run, or a stage of it, used them.

    Attributes:
        splits: of each sample of a split the hash, `(n, 8)` uint8; see `sample_hashes`.
        names: of each file the hash in hexadecimal, by its name; none if there were none.
    """

    splits: Mapping[str, np.ndarray]
    names: Mapping[str, str]


def sample_hashes(samples: Samples, indices: Tensor) -> np.ndarray | None:
    """The beginnings of the samples' hashes `(n, 8)` uint8: of their files, or else their pixels.

    None if there are no files, and too many pixels to hash one image after the other.
    """
    digests = getattr(samples, "digests", None)
    if digests is not None:
        return digests[indices.numpy(), :HASH_BYTES]
    if isinstance(samples, Ragged):
        keys = samples.targets.looks["image"][indices.numpy()]
        return keys.astype("<u8").view(np.uint8).reshape(len(indices), HASH_BYTES)
    if len(indices) * int(np.prod(samples.shape)) * samples.dtype.itemsize > LARGEST:
        return None
    rows = samples.fetch(indices).cpu().flatten(1).numpy()
    joined = b"".join(blake3(row).digest(HASH_BYTES) for row in rows)
    return np.frombuffer(joined, np.uint8).reshape(len(indices), HASH_BYTES)


def keep(splits: Splits, former: Sequence[Former], files: Files | None) -> Splits:
    """The splits with every sample that was in one before in that same one again.

    A sample is known by its content, or by its file's name if that has other content now. One that
    is in several (a duplicate) is held out. New ones are where they were drawn to. What lies in
    another official split than before is left out: it belongs to neither.

    Args:
        splits: as drawn from the data of now.
        former: what the run and its stages used, the first one first.
        files: of the data of now.

    Raises:
        ValueError: a split would be empty, or the samples can't be told apart.
    """
    split_of = _former_splits(former, files)
    found = []
    for number, (name, part) in enumerate(splits._asdict().items()):
        hashes = sample_hashes(part.samples, torch.arange(len(part.samples)))
        if hashes is None:
            raise ValueError(
                "the data changed, and its samples are not recorded one by one: none could be kept"
                " from moving between the splits; restore the data, or start anew"
            )
        numbers = torch.tensor([split_of.get(row.tobytes(), _NEW) for row in hashes])
        drawn = torch.zeros(len(numbers), dtype=torch.bool)
        drawn[part.indices] = True
        indices = ((numbers == number) | ((numbers == _NEW) & drawn)).nonzero().flatten()
        if not len(indices):
            raise ValueError(
                f"none of the samples that the run used for {name} is left; start anew"
            )
        found.append(Subset(part.samples, indices))
    return Splits(*found)


def _former_splits(former: Sequence[Former], files: Files | None) -> dict[bytes, int]:
    """The number of the split that each sample was in, by its hash."""
    known: dict[bytes, int] = {}
    for data in former:
        # The later splits win: what was ever held out is.
        own = {
            row.tobytes(): number
            for number, name in enumerate(Splits._fields)
            for row in data.splits.get(name, ())
        }
        known = own | known
    edited: dict[bytes, int] = {}
    for name, digest in files.hashes() if files else ():
        now = bytes.fromhex(digest)[:HASH_BYTES]
        for data in former:
            then = bytes.fromhex(data.names.get(name, ""))[:HASH_BYTES]
            if now not in known and then in known:
                edited[now] = max(edited.get(now, _NEW), known[then])
    return known | edited
