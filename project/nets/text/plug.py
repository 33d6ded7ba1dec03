"""What is asked of a net's file by whoever knows it as a plug's: its flags, its mistakes."""

from collections.abc import Iterator
from functools import lru_cache

from project.cli.fields import Field
from project.nets.text import reading
from project.nets.text.document import Document, Layer, every
from project.plugs.outside import path_of

# Whose classes come with PyTorch, not from a file of a person's own.
LIBRARIES = ("torch", "torchvision")


def settings(text: str, path: str) -> dict[str, tuple[Field, int]]:
    """The flags that a net declares, each with its line; wrong ones are left out."""
    document = _read(text, path)
    return {name: (f, document.settings[name].line) for name, f in document.flags.items()}


def problems(text: str, path: str) -> list[str]:
    """A line for each mistake that can be told before PyTorch is loaded."""
    document = _read(text, path)
    found = list(document.problems)
    for layer in _own_classes(document):
        module, _, name = layer.word.name.rpartition(".")
        try:
            path_of(module, name, ())
        except ValueError as error:
            found.append(f"{path}:{layer.line}: {layer.told}: {error}")
    return found


def warnings(text: str, path: str) -> list[str]:
    """A line for each thing that the text says in vain."""
    return list(_read(text, path).warnings)


def modules(text: str, path: str) -> Iterator[str]:
    """The modules of a person's own whose classes the text names."""
    for layer in _own_classes(_read(text, path)):
        yield layer.word.name.rpartition(".")[0]


def _own_classes(document: Document) -> Iterator[Layer]:
    for layer in every(document):
        if layer.kind == "class" and layer.word.name.partition(".")[0] not in LIBRARIES:
            yield layer


@lru_cache(maxsize=16)
def _read(text: str, path: str) -> Document:
    return reading.read(text, path)
