"""A file of weights made from one checkpoint: fork, extract, share and freeze."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from project.derivation.sources import Source, check_target, write
from project.training import freezing, sharing
from project.training.parts import unfound, within
from project.training.weights import MARKS, made_of
from project.words.paths import brief


def fork(source: Source, target: Path) -> Iterator[str]:
    """Make an independent copy, of which nothing is shared or frozen; yields what is to be told."""
    check_target(target)
    copies = {name: tensor.clone() for name, tensor in source.weights.items()}
    block = made_of(source.state).get("block")
    hashed = write(target, "fork", [source], copies, {"block": block} if block else {})
    yield f"{brief(target)}: a copy of {source.name}, nothing shared or frozen ({hashed})"


def extract(source: Source, block: str, name: str | None, target: Path) -> Iterator[str]:
    """Make a file of a block's weights alone, under its name or another; errors as of `share`."""
    check_target(target)
    own = within(block, source.weights)
    if not own:
        raise ValueError(unfound("BLOCK", block, source.weights, "block"))
    name = name or block
    weights = {f"{name}.{part}": tensor.clone() for part, tensor in own.items()}
    hashed = write(target, "extract", [source], weights, {"block": name, "from": block})
    yield f"{brief(target)}: {_count(own)} of {block} of {source.name} ({hashed})"
    yield f"a run begins with them in its block {name}: --checkpoint {brief(target)}"


def share(source: Source, words: Sequence[str], target: Path) -> Iterator[str]:
    """Make a file in which blocks have one storage, as in runs that start from it.

    Raises:
        ValueError: a block is not there, or of other shapes; a line for each.
        OSError: the file can't be written.
    """
    check_target(target)
    source.require_whole()
    weights = dict(source.weights)
    _refuse([*sharing.problems(weights, words, "share")])
    for first, other in sharing.pairs(list(weights), words):
        for part, tensor in within(first, weights).items():
            weights[f"{other}.{part}"] = tensor
    hashed = write(target, "share", [source], weights, _marks(source, share=words))
    yield from _marked(target, source, hashed)


def freeze(source: Source, globs: Sequence[str], target: Path) -> Iterator[str]:
    """Make a file that says what is frozen in runs that start from it; errors as of `share`."""
    check_target(target)
    source.require_whole()
    _refuse([*freezing.problems(source.weights, globs, "freeze")])
    marks = _marks(source, freeze=globs)
    hashed = write(target, "freeze", [source], source.weights, marks)
    yield from _marked(target, source, hashed)


def _marks(source: Source, **more: Sequence[str]) -> dict[str, Any]:
    """Those of the source, and further ones."""
    made = made_of(source.state)
    return {n: list(dict.fromkeys((*made.get(n, ()), *more.get(n, ())))) for n in MARKS}


def _marked(target: Path, source: Source, hashed: str) -> Iterator[str]:
    yield f"{brief(target)}: the weights of {source.name}, marked ({hashed})"
    yield f"a run shares and freezes as it says: --checkpoint {brief(target)}"


def _refuse(told: list[str]) -> None:
    if told:
        raise ValueError("\n".join(told))


def _count(tensors: dict[str, Tensor]) -> str:
    return f"{sum(tensor.numel() for tensor in tensors.values()):,} numbers"
