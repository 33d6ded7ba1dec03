"""Parts of a model by their names: what a GLOB means, and the lines for what it does not find.

A GLOB is a name of a parameter or a module as `named_parameters` and `named_modules` have them, in
which `*`, `?` and `[...]` stand for other characters, dots too. It means what bears it, and all
that is in a module that does: `blocks.0`, `blocks.*` and `*.bias`.
"""

from collections.abc import Iterable, Iterator
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


def modules(model: nn.Module) -> dict[str, nn.Module]:
    """All modules by name, but for the model itself; one that stands in several places, too."""
    return {name: each for name, each in model.named_modules(remove_duplicate=False) if name}


def outermost(names: Iterable[str]) -> list[str]:
    """Those of some modules' names that are in no other of them."""
    found = list(names)
    return [name for name in found if not any(each in found for each in _above(name))]


def unfound(flag: str, word: str, model: nn.Module, kind: str = "parameter") -> str:
    """The line for a GLOB or a name that means nothing: with the nearest name, or the blocks.

    Args:
        flag: that it was given to.
        word: the GLOB.
        model: that has no such part.
        kind: of what it should mean.
    """
    known = [*modules(model), *(parameters(model) if kind == "parameter" else ())]
    doing = "matches no" if _WILD & set(word) else "is no"
    near = did_you_mean(word, known)
    there = some([name for name in known if "." not in name], 8)
    return f"{flag} {quoted(word)} {doing} {kind} of the model{near or f': it has {there}'}"
