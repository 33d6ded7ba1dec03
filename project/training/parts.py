"""Parts of a model by their names: what a GLOB means, and the lines for what it does not find.

A GLOB is a name of a parameter or a module as `named_parameters` and `named_modules` have them, in
which `*`, `?` and `[...]` stand for other characters, dots too. It means what bears it, and all
that is in a module that does: `blocks.0`, `blocks.*` and `*.bias`.
"""

from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase

from torch import Tensor, nn

from project.words.names import some
from project.words.telling import did_you_mean, quoted

_WILD = frozenset("*?[")


def matches(glob: str, name: str) -> bool:
    """Whether a GLOB means the parameter or module of this name, by its own or one it is in."""
    return any(fnmatchcase(each, glob) for each in (name, *_above(name)))


def _above(name: str) -> Iterator[str]:
    """The names of the modules in which it is: those of `a.b.c` are `a.b` and `a`."""
    while "." in name:
        name = name.rpartition(".")[0]
        yield name


def parameters(model: nn.Module) -> dict[str, Tensor]:
    """All parameters by name; one that several modules share has several."""
    return dict(model.named_parameters(remove_duplicate=False))


def tensors(model: nn.Module) -> dict[str, Tensor]:
    """All parameters and buffers by name, likewise."""
    return parameters(model) | dict(model.named_buffers(remove_duplicate=False))


def blocks(names: Iterable[str]) -> list[str]:
    """The names of the modules that tensors of these names are in, a block before those in it."""
    return list(dict.fromkeys(each for name in names for each in reversed([*_above(name)])))


def within(block: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of a block, by their names in it."""
    start = f"{block}."
    return {n.removeprefix(start): t for n, t in tensors.items() if n.startswith(start)}


def outermost(names: Iterable[str]) -> list[str]:
    """Those of some blocks' names that are in no other of them."""
    found = list(names)
    return [name for name in found if not any(each in found for each in _above(name))]


def unfound(flag: str, word: str, names: Iterable[str], kind: str = "parameter") -> str:
    """The line for a GLOB or a name that means nothing: with the nearest name, or the blocks.

    Args:
        flag: that it was given to.
        word: the GLOB.
        names: of the model's tensors.
        kind: of what it should mean, a parameter or a block.
    """
    names = list(names)
    known = [*blocks(names), *(names if kind == "parameter" else ())]
    doing = "matches no" if _WILD & set(word) else "is no"
    near = did_you_mean(word, known)
    there = some([name for name in known if "." not in name], 8)
    return f"{flag} {quoted(word)} {doing} {kind} of the model{near or f': it has {there}'}"


def form(tensor: Tensor | None) -> str:
    """The shape, and the kind of numbers where it is not the usual: torch would convert them."""
    if tensor is None:
        return "absent"
    kind = "complex " if tensor.is_complex() else "" if tensor.is_floating_point() else "integer "
    return f"{kind}{tuple(tensor.shape)}"


def unlike(ours: Mapping[str, Tensor], theirs: Mapping[str, Tensor]) -> str | None:
    """How the first and the other of two sets of tensors differ in shape; None if they do not."""
    pairs = {name: (form(ours.get(name)), form(theirs.get(name))) for name in {**ours, **theirs}}
    differing = [name for name, (one, other) in pairs.items() if one != other]
    if not differing:
        return None
    (name, *more), (one, other) = differing, pairs[differing[0]]
    others = f" (and {len(more)} more)" if more else ""
    return f"{name} is {one} in the first and {other} in the other{others}"
