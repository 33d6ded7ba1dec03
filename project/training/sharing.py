"""`--share`: blocks of a model with one storage of weights and of batch norms' statistics.

`A=B` (or `A=B=C`) names blocks: each keeps what it computes, and B's and C's parameters and buffers
are A's from then on. A GLOB without `=` means the blocks that match and are in no other that does:
`branches.*` are all branches, of which the first one's weights are kept.
"""

from collections.abc import Iterator, Sequence

from torch import Tensor, nn

from project.training.parts import matches, modules, outermost, unfound
from project.words.telling import quoted

FLAG = "--share"


def problems(model: nn.Module, words: Sequence[str], flag: str = FLAG) -> Iterator[str]:
    """A line for each thing wrong: a block that is not there, or whose weights are of other shapes.

    Args:
        model: as built.
        words: the values of the flag.
        flag: its name.
    """
    known = modules(model)
    for word in words:
        names = _named(known, word)
        if missing := [name for name in names if name not in known]:
            yield from (unfound(flag, name, model, "block") for name in missing)
        elif len(names) < 2:
            if not names:
                yield unfound(flag, word, model, "block")
                continue
            yield f"{flag} {quoted(word)} is {names[0]} alone: name two blocks, A=B"
        else:
            yield from _unlike(flag, known, names)


def share(model: nn.Module, words: Sequence[str]) -> None:
    """Let blocks share their weights, in place; those of the first one named are kept."""
    known = modules(model)
    for word in words:
        first, *others = _named(known, word)
        for name in others:
            _take(known[first], known[name])


def shared_names(model: nn.Module, words: Sequence[str]) -> list[tuple[str, str]]:
    """Pairs of blocks, the one whose weights are kept first."""
    known = modules(model)
    named = [_named(known, word) for word in words]
    return [(first, name) for first, *others in named for name in others]


def _named(known: dict[str, nn.Module], word: str) -> list[str]:
    if "=" in word:
        return word.split("=")
    return outermost(name for name in known if matches(word, name))


def _unlike(flag: str, known: dict[str, nn.Module], names: list[str]) -> Iterator[str]:
    first = names[0]
    ours = _forms(known[first])
    if not ours:
        yield f"{flag}: {first} has no weights to share"
    for name in names[1:]:
        if f"{name}.".startswith(f"{first}.") or first.startswith(f"{name}."):
            yield f"{flag} {first}={name}: one is in the other, or they are the same"
            continue
        theirs = _forms(known[name])
        unlike = [part for part in ours | theirs if ours.get(part) != theirs.get(part)]
        if unlike:
            part, more = unlike[0], f" (and {len(unlike) - 1} more)" if len(unlike) > 1 else ""
            forms = ours.get(part, "absent"), theirs.get(part, "absent")
            told = f"{part} is {forms[0]} in the first and {forms[1]} in the other{more}"
            yield f"{flag} {first}={name}: not of the same shapes: {told}"


def _forms(block: nn.Module) -> dict[str, str]:
    """Shape, and kind of numbers, of each tensor of a block, by its name."""
    return {name: _form(tensor) for name, tensor in _tensors(block).items()}


def _form(tensor: Tensor) -> str:
    kind = "" if tensor.is_floating_point() else "integer "
    return f"{kind}{tuple(tensor.shape)}"


def _tensors(block: nn.Module) -> dict[str, Tensor]:
    named = block.named_parameters(remove_duplicate=False)
    return dict(named) | dict(block.named_buffers(remove_duplicate=False))


def _take(source: nn.Module, block: nn.Module) -> None:
    """Let a block have the tensors of another, whose names and shapes are the same."""
    for name in _tensors(source):
        path, _, own = name.rpartition(".")
        theirs, ours = source.get_submodule(path), block.get_submodule(path)
        table = "_parameters" if own in theirs._parameters else "_buffers"
        getattr(ours, table)[own] = getattr(theirs, table)[own]
