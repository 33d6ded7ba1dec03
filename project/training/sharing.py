"""`--share`: blocks of a model with one storage of weights and of batch norms' statistics.

`A=B` (or `A=B=C`) names blocks: each keeps what it computes, and B's and C's parameters and buffers
are A's from then on. A GLOB without `=` means the blocks that match and are in no other that does:
`branches.*` are all branches, of which the first one's weights are kept.
"""

from collections.abc import Iterator, Mapping, Sequence

from torch import Tensor, nn

from project.training.parts import blocks, matches, outermost, tensors, unfound, unlike, within
from project.words.telling import quoted

FLAG = "--share"


def problems(there: Mapping[str, Tensor], words: Sequence[str], flag: str = FLAG) -> Iterator[str]:
    """A line for each thing wrong: a block that is not there, or whose weights are of other shapes.

    Args:
        there: parameters and buffers of a model, by name.
        words: the values of the flag.
        flag: its name.
    """
    known = blocks(there)
    for word in words:
        names = _named(known, word)
        if missing := [name for name in names or [word] if name not in known]:
            yield from (unfound(flag, name, there, "block") for name in missing)
        elif len(names) < 2:
            yield f"{flag} {quoted(word)} is {names[0]} alone: name two blocks, A=B"
        for name in names[1:] if not missing else ():
            yield from _misfit(flag, there, names[0], name)


def pairs(names: Sequence[str], words: Sequence[str]) -> list[tuple[str, str]]:
    """Pairs of blocks that share, the one whose weights are kept first.

    Args:
        names: of the model's parameters and buffers.
        words: the values of the flag.
    """
    named = [_named(blocks(names), word) for word in words]
    return [(first, name) for first, *others in named for name in others]


def share(model: nn.Module, words: Sequence[str]) -> None:
    """Let blocks share their weights, in place; those of the first one named are kept."""
    for first, other in pairs(list(tensors(model)), words) if words else ():
        _take(model.get_submodule(first), model.get_submodule(other))


def _named(known: Sequence[str], word: str) -> list[str]:
    if "=" in word:
        return word.split("=")
    return outermost(name for name in known if matches(word, name))


def _misfit(flag: str, there: Mapping[str, Tensor], first: str, name: str) -> Iterator[str]:
    if f"{name}.".startswith(f"{first}.") or first.startswith(f"{name}."):
        yield f"{flag} {first}={name}: one is in the other, or they are the same"
    elif told := unlike(within(first, there), within(name, there)):
        yield f"{flag} {first}={name}: not of the same shapes: {told}"


def _take(source: nn.Module, block: nn.Module) -> None:
    """Let a block have the tensors of another, whose names and shapes are the same."""
    for name in tensors(source):
        path, _, own = name.rpartition(".")
        theirs, ours = source.get_submodule(path), block.get_submodule(path)
        table = "_parameters" if own in theirs._parameters else "_buffers"
        getattr(ours, table)[own] = getattr(theirs, table)[own]
