"""The same image in two splits, or under two labels or masks: found, counted, named."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from project.data._identity import identify
from project.data._split import Splits
from project.data.samples import Raw, Resident
from project.data.targets import Labels

PAIRS = {
    "train/test": "test images are also in training",
    "val/test": "test images are also in validation",
    "train/val": "validation images are also in training",
}
LABELS = "labels"
NAMED = 3


@dataclass(eq=False)
class Leaks:
    """Images that are in two splits, or under two labels (or masks, which count as such).

    Attributes:
        pairs: by two splits, such as `train/test`: images of the latter that are in the former too.
        labels: images that have more than one label, or mask.
        examples: for each of `pairs` and `labels` that is not 0, a few: `ant/1.png = bee/2.png`.
        rows: images of the test split that are in training or validation too, by index in the
            split's source.
        sizes: images of each split.
        kind: what is true of images: "labels" or "masks".
    """

    pairs: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PAIRS, 0))
    labels: int = 0
    examples: dict[str, list[str]] = field(default_factory=dict)
    rows: list[int] = field(default_factory=list)
    sizes: dict[str, int] = field(default_factory=dict)
    kind: str = "labels"

    def __bool__(self) -> bool:
        return bool(self.labels or any(self.pairs.values()))

    def describe(self) -> dict[str, Any]:
        """What the run's record says of them."""
        counts = {"pairs": self.pairs, LABELS: self.labels, "test": len(self.rows)}
        return counts | {"examples": self.examples}

    def lines(self, *, named: bool = True) -> Iterator[str]:
        """A line with the number for each kind that there is, and the names of a few."""
        for kind, text in PAIRS.items():
            if n := self.pairs[kind]:
                whole = self.sizes[kind.partition("/")[2]]
                yield f"{n:,} of {whole:,} {text}" + self._named(kind, n) * named
        if n := self.labels:
            image = "image has" if n == 1 else "images have"
            yield f"{n:,} {image} more than one {self.kind.removesuffix('s')}" + self._named(
                LABELS, n
            ) * named

    def _named(self, kind: str, n: int) -> str:
        return f" ({', '.join(self.examples[kind])}{', ...' if n > NAMED else ''})"


class _Occurrence(NamedTuple):
    """Where an image is: its split, the row in the split's source, and among all; what is true."""

    split: str
    row: int
    everywhere: int
    target: Any


def find_leaks(raw: Raw, splits: Splits) -> Leaks | None:
    """The leaks of these splits of `raw`; None: its images can't be told apart.

    Images are the same if all their pixels are, before they are resized.

    Raises:
        ValueError: an image can't be decoded; the message names it.
        OSError: a file can't be read.
    """
    sources = raw.sources
    if raw.pictures is not None:
        numbers, name = raw.pictures.identify(), raw.pictures.name
    elif all(isinstance(part, Resident) for part in sources):
        numbers, name = identify([part.images for part in sources]), _namer(raw)
    else:
        return None
    starts = {id(source): raw.start(source) for source in sources}
    sizes = {split: len(part) for split, part in splits._asdict().items()}
    leaks = Leaks(sizes=sizes, kind=raw.kind)
    for occurrences in _repeated(numbers, splits, starts):
        _add(leaks, occurrences, name)
    return leaks


def _repeated(
    numbers: np.ndarray, splits: Splits, starts: dict[int, int]
) -> Iterable[list[_Occurrence]]:
    """The occurrences of each image that is in more than one."""
    _, inverse, counts = np.unique(numbers, return_inverse=True, return_counts=True)
    found: dict[int, list[_Occurrence]] = defaultdict(list)
    for split, part in splits._asdict().items():
        if split == "val" and part is splits.train:
            continue  # as --overfit-batches asks for
        start = starts[id(part.samples)]
        rows = part.indices.numpy()
        rows = rows[counts[inverse[rows + start]] > 1]
        images = inverse[rows + start]
        for image, row in zip(images.tolist(), rows.tolist(), strict=True):
            target = part.samples.targets.key(row)
            found[image].append(_Occurrence(split, row, row + start, target))
    return found.values()


def _add(leaks: Leaks, occurrences: list[_Occurrence], name: Callable[[int], str]) -> None:
    """Count the occurrences of one image."""

    def example(kind: str, first: _Occurrence, second: _Occurrence) -> None:
        known = leaks.examples.setdefault(kind, [])
        if len(known) < NAMED:
            known.append(f"{name(first.everywhere)} = {name(second.everywhere)}")

    by_split = {split: [p for p in occurrences if p.split == split] for split in Splits._fields}
    for first, second in combinations(Splits._fields, 2):
        if by_split[first]:
            for found in by_split[second]:
                leaks.pairs[f"{first}/{second}"] += 1
                example(f"{first}/{second}", by_split[first][0], found)
    if by_split["train"] or by_split["val"]:
        leaks.rows.extend(found.row for found in by_split["test"])
    other = next((found for found in occurrences if found.target != occurrences[0].target), None)
    if other is not None:
        leaks.labels += 1
        example(LABELS, occurrences[0], other)


def _namer(raw: Raw) -> Callable[[int], str]:
    """Names of images that have none: their number among those of their split, as they came."""
    official = {"training": raw.train, "validation": raw.val, "test": raw.test}
    parts = [(name, part) for name, part in official.items() if part is not None]
    alone = len(parts) == 1

    def name(i: int) -> str:
        for kind, part in parts:
            if i < len(part):
                number = f"{'' if alone else f'{kind} '}image {i}"
                is_labelled = isinstance(part.targets, Labels)
                return f"{number} ({raw.classes[part.targets.key(i)]})" if is_labelled else number
            i -= len(part)
        raise AssertionError(i)

    return name
