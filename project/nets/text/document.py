"""What a net's file says, in the order of the file, before any number is worked out."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from project.cli.fields import Field
from project.files.marked_yaml import Node
from project.nets.text.catalogue import Word

# How the net's own input, a block's and an iteration's are called where a file gives no names, and
# how any item calls what came before it.
INPUT, PREVIOUS = "input", "previous"
MOST_TOLD = 50  # mistakes


class Enough(Exception):
    """So much is wrong that the rest is not looked at."""


@dataclass(frozen=True)
class Layer:
    """An item of a list of layers.

    Attributes:
        kind: `item`, `block` or `class`, or its word: `repeat`, `use`, `select`, `model`.
        word: what it begins with, and what that takes.
        name: that others link to; None: it has none.
        sources: the names of its `from`.
        given: what the file says of its parameters, by name.
        layers: of a repeat.
        line: in the file.
    """

    kind: str
    word: Word
    name: str | None
    sources: tuple[str, ...]
    given: Mapping[str, Node]
    layers: "tuple[Layer, ...]"
    line: int

    @property
    def told(self) -> str:
        """In a message: `conv a`."""
        return f"{self.word.name} {self.name}" if self.name else self.word.name

    @property
    def replaces(self) -> bool:
        """Whether its inputs are what `from` names alone, and not what came before, too."""
        alone = self.word.most == 1 or self.kind in ("use", "class", "block")
        return bool(self.sources) and (alone or PREVIOUS in self.sources)


@dataclass(frozen=True)
class Block:
    """Layers that are used by a name.

    Attributes:
        name: its word in lists of layers.
        parameters: their values where a use says nothing; None: it must.
        inputs: their names.
        outputs: names of the layers that it gives; none: what its last one does.
        layers: in it.
        line: in the file.
    """

    name: str
    parameters: Mapping[str, Node | None]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    layers: tuple[Layer, ...]
    line: int


@dataclass
class Document:
    """A net's file.

    Attributes:
        path: that messages name.
        settings: what it says of the flags that it declares, by name.
        flags: these, but for wrong ones.
        defaults: of items' parameters: by item, or by nothing for all items that have such a one;
            then by parameter.
        inputs: what each of the net's inputs is of what comes, by name.
        blocks: by name.
        layers: of the net.
        outputs: names of the layers that the net gives; none: what its last one does.
        outputs_line: that says so.
        main: the one of these that a task is handed alone; None: all of them.
        problems: a line for each mistake that the text shows.
        is_whole: whether all of it was looked at.
        warnings: a line for each thing that is said in vain.
    """

    path: str
    settings: Mapping[str, Node] = field(default_factory=dict)
    flags: dict[str, Field] = field(default_factory=dict)
    defaults: Mapping[str, Mapping[str, Node]] = field(default_factory=dict)
    inputs: Mapping[str, Mapping[str, Node]] = field(default_factory=dict)
    blocks: dict[str, Block] = field(default_factory=dict)
    layers: tuple[Layer, ...] = ()
    outputs: tuple[str, ...] = ()
    outputs_line: int = 1
    main: str | None = None
    problems: list[str] = field(default_factory=list)
    is_whole: bool = True
    warnings: list[str] = field(default_factory=list)

    def tell(self, line: int, why: str) -> None:
        """Note a mistake in a line of the file.

        Raises:
            Enough: nobody will read more; to look for near names of each takes long.
        """
        self.problems.append(f"{self.path}:{line}: {why}")
        if len(self.problems) > MOST_TOLD:
            raise Enough

    def tell_of(self, layer: Layer, error: Exception) -> None:
        """Note what is wrong with a layer, which may begin with its word."""
        why = str(error).removeprefix(f"{layer.word.name} ")
        colon = " " if why != str(error) else ": "
        self.tell(layer.line, f"{layer.told}{colon}{why}")

    def warn(self, line: int, why: str) -> None:
        """Note what is said in vain in a line of the file."""
        self.warnings.append(f"{self.path}:{line}: {why}")


def every(document: Document) -> Iterator[Layer]:
    """All layers of a file, in blocks and repeats too."""
    for layers in (document.layers, *(block.layers for block in document.blocks.values())):
        yield from _within(layers)


def _within(layers: Iterable[Layer]) -> Iterator[Layer]:
    for layer in layers:
        yield layer
        yield from _within(layer.layers)


def in_order(lines: Iterable[str], path: str) -> list[str]:
    """Lines about a file in its order, each once, and not too many."""
    found = sorted(dict.fromkeys(lines), key=lambda line: line_of(line, path))
    more = [f"{path}: and more; this is enough to begin with"] * (len(found) > MOST_TOLD)
    return found[:MOST_TOLD] + more


def line_of(line: str, path: str) -> int:
    """The number of the line of a file that a message is about; of what has none, the end's."""
    number = line.removeprefix(f"{path}:").partition(":")[0]
    return int(number) if number.isdecimal() else sys.maxsize
