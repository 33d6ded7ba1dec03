"""Classes that a person names, and the samples of these."""

from collections.abc import Collection, Iterator, Sequence

import torch

from project.data.samples import Samples, Subset
from project.words.names import some
from project.words.telling import did_you_mean, quoted


def numbers_of(words: Sequence[str], classes: Sequence[str]) -> list[int]:
    """The numbers of the classes that `--train-classes` names, in their order, each once.

    Args:
        words: a class's name each, or `FIRST-LAST`, which are all from one to another.
        classes: names, by number.

    Raises:
        ValueError: there is no such class, or no other is left; the message names it.
    """
    found = {number for word in words for number in _numbers(word, list(classes))}
    if len(found) == len(classes):
        raise ValueError("--train-classes: these are all classes, and none is left for the test")
    return sorted(found)


def _numbers(word: str, classes: list[str]) -> Iterator[int]:
    if word in classes:
        yield classes.index(word)
        return
    for at in (i for i, letter in enumerate(word) if letter == "-"):
        named = word[:at], word[at:].removeprefix("-")
        if set(named) <= set(classes):
            ends = sorted(map(classes.index, named))
            yield from range(ends[0], ends[1] + 1)
            return
    raise ValueError(
        f"--train-classes: there is no class {quoted(word)}{did_you_mean(word, classes)};"
        f" give names, or FIRST-LAST, of {some(classes)}"
    )


def of_classes(samples: Samples, numbers: Collection[int], classes: Sequence[str]) -> Subset:
    """All samples of some classes.

    Raises:
        ValueError: there are none.
    """
    strata = samples.targets.strata()
    there = torch.isin(strata, torch.tensor(sorted(numbers))).nonzero().flatten()
    if not len(there):
        raise ValueError(
            f"--train-classes: there is no sample of {some([classes[i] for i in numbers])}"
        )
    return Subset(samples, there)
