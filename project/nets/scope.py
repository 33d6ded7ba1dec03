"""Where layers stand while a net is put together: what has a value, a name, and weights there."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from project.nets.text.document import Layer
from project.nets.text.numbers import Known

WRONG = -1  # in the place of a layer that can't be made, which has been told


@dataclass
class Scope:
    """Where layers stand whose names are looked up together.

    Attributes:
        known: what has a value.
        values: places of what there is by name.
        path: before the names of nodes.
        weights: before the paths of modules.
        names: that the file gives in it.
        block: that it is of.
        outer: of a repeat, that it stands in.
        placed: what has run, by name, for `use`.
    """

    known: Known
    values: dict[str, int]
    names: set[str]
    path: str = ""
    weights: str = ""
    block: str | None = None
    outer: "Scope | None" = None
    placed: "dict[str, Placed]" = field(default_factory=dict)

    def value(self, name: str) -> int:
        """The place of what a name means."""
        if name in self.values:
            return self.values[name]
        return self.outer.value(name) if self.outer else WRONG

    def found(self, name: str) -> "Placed | None":
        """What has run by this name."""
        if name in self.placed:
            return self.placed[name]
        return self.outer.found(name) if self.outer else None

    def unnamed(self, word: str) -> str:
        """A name for a layer that the file gives none."""
        stem, n = word.rpartition(".")[2], 1
        while f"{stem}_{n}" in self.names:
            n += 1
        self.names.add(f"{stem}_{n}")
        return f"{stem}_{n}"


@dataclass(frozen=True)
class Placed:
    """A layer that has run: what it is, with what values, and where its weights are."""

    layer: Layer
    known: Known
    weights: str


def named_in(layers: Iterable[Layer]) -> set[str]:
    """The names that a list of layers gives."""
    return {layer.name for layer in layers if layer.name is not None}
