"""What the values of a net's file mean: texts, numbers, arithmetic on flags and parameters."""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from project.cli.fields import kind_of
from project.files.marked_yaml import Node
from project.hyperparameters import FLAGS, section_of
from project.nets.text.arithmetic import Number, names, worked_out
from project.nets.text.catalogue import Takes, items
from project.nets.text.document import Document, Layer
from project.words.telling import did_you_mean, quoted

# The model's flags that are numbers, and what is known of the images and the task.
OF_FLAGS = tuple(
    f.name for f in FLAGS if section_of(f.name) == "model" and kind_of(f) in (int, float)
)
OF_IMAGES = ("classes", "channels", "rows", "columns")
# Within a repeat: how many iterations there were before.
INDEX = "index"
ANY = Takes(False, True, True)


class Known(NamedTuple):
    """What has a value where something stands.

    Attributes:
        own: values of any kind: the net's settings, a block's parameters, a repeat's index.
        numbers: of flags and images.
    """

    own: Mapping[str, Any]
    numbers: Mapping[str, Number]

    def within(self, more: Mapping[str, Any]) -> "Known":
        """With further values, in a block or a repeat."""
        return Known({**self.own, **more}, self.numbers)

    @property
    def all_numbers(self) -> dict[str, Number]:
        """All that arithmetic may name."""
        own = {k: v for k, v in self.own.items() if isinstance(v, int | float)}
        return {**self.numbers, **own}


def meant(node: Node, takes: Takes, known: Known) -> Any:
    """What a value of the file means, for what takes it: plain, in lists and mappings too.

    Raises:
        ValueError: it is no arithmetic, or names what is not known; goes on after its name.
    """
    value = node.value
    if isinstance(value, list):
        return [meant(each, takes, known) for each in value]
    if isinstance(value, dict):
        return {name: meant(each, takes, known) for name, each in value.items()}
    if not isinstance(value, str) or node.is_quoted:
        return value
    if value in known.own:
        return known.own[value]
    if not takes.numbers or takes.texts and not _is_arithmetic(value, known.all_numbers):
        return value
    try:
        return worked_out(value, known.all_numbers)
    except ValueError as error:
        raise ValueError(f"{quoted(value)} {error}") from None


def _is_arithmetic(text: str, known: Collection[str]) -> bool:
    """Whether a text, where any could stand, is arithmetic on what is known."""
    try:
        found = names(text)
    except ValueError:
        return False
    return all(name in known for name in found)


def check(document: Document) -> None:
    """Tell what items lack, and arithmetic that is none or names what there is not."""
    every = {*OF_FLAGS, *OF_IMAGES, *document.settings}
    for part in document.inputs.values():
        for name, node in part.items():
            _named(document, f"input's {name}", node, every)
    for word, own in document.defaults.items():
        for name, node in own.items():
            holders = [items()[word]] if word else items().values()
            takes = [w.parameters[name] for w in holders if name in w.parameters]
            if takes and all(t.numbers and not t.texts for t in takes):
                _named(document, name, node, every)
    for block in document.blocks.values():
        _layers(document, block.layers, every | block.parameters.keys())
    _layers(document, document.layers, every)


def _layers(document: Document, layers: tuple[Layer, ...], known: set[str]) -> None:
    defaults = document.defaults
    for layer in layers:
        own = {**defaults.get("", {}), **defaults.get(layer.word.name, {})}
        _lacking(document, layer, own if layer.kind == "item" else ())
        for name, node in layer.given.items():
            takes = layer.word.parameters.get(name, ANY)
            if takes.numbers and not takes.texts:
                _named(document, f"{layer.told}: {name}", node, known)
        _layers(document, layer.layers, known | {INDEX} if layer.kind == "repeat" else known)


def _lacking(document: Document, layer: Layer, defaults: Collection[str]) -> None:
    takes = layer.word.parameters.items()
    missing = [n for n, t in takes if t.required and n not in layer.given and n not in defaults]
    missing = [n for n in missing if n != "layers" or not layer.layers]
    if missing:
        document.tell(layer.line, f"{layer.told} needs {' and '.join(missing)}")


def _named(document: Document, what: str, node: Node, known: Collection[str]) -> None:
    """Tell what is wrong with arithmetic, in lists too, as far as names alone show it."""
    for each in node.value if isinstance(node.value, list) else [node]:
        if not isinstance(each.value, str) or each.is_quoted or each.value in known:
            continue
        try:
            wrong = [name for name in names(each.value) if name not in known]
        except ValueError as error:
            document.tell(each.line, f"{what}: {quoted(each.value)} {error}")
            continue
        for name in wrong:
            near = did_you_mean(name, known) or f" (names: {', '.join(sorted(known))})"
            document.tell(each.line, f"{what}: unknown name {quoted(name)}{near}")
