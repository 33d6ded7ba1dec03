"""Lists of layers: each item's word, name, links and what it says of its parameters."""

from collections.abc import Mapping

from project.files.marked_yaml import Node
from project.nets.text.catalogue import OF_ALL, STRUCTURE, Word, items
from project.nets.text.document import Document, Layer
from project.nets.text.saying import is_name, names_of
from project.words.telling import did_you_mean, quoted


def read(document: Document, node: Node, blocks: Mapping[str, Word]) -> tuple[Layer, ...]:
    """The layers that a list holds; what is wrong with them is told.

    Args:
        document: whose file it is.
        node: the list.
        blocks: the words that the file itself defines.
    """
    if not isinstance(node.value, list) or not node.value:
        document.tell(node.line, f"layers is a list of items, each after a -, not {node.told}")
        return ()
    return tuple(_layer(document, each, blocks) for each in node.value)


def _layer(document: Document, node: Node, blocks: Mapping[str, Word]) -> Layer:
    """An item, `- conv: {out: 16}` or `- flatten`."""
    if isinstance(node.value, str):
        name, value = node.value, Node(None, node.path, node.line)
    elif isinstance(node.value, dict) and len(node.value) == 1:
        ((name, value),) = node.value.items()
    else:  # what is wrong stays in its place, so that what follows is not wrong, too
        more = isinstance(node.value, dict) and len(node.value) > 1
        found = f"{', '.join(list(node.value)[:3])} side by side" if more else node.told
        fix = ": write what it takes in {} or further in" if more else ""
        document.tell(node.line, f"an item has one word, such as conv, not {found}{fix}")
        return Layer("wrong", Word("item", {}, most=None), None, (), {}, (), node.line)
    kind, found = _word(name, blocks)
    word = found or Word(name, {}, most=None, open=True)
    if found is None:
        known = [*items(), *blocks, *STRUCTURE]
        where = "blocks of the file, items (docs/nets.md), or a class with its module's path"
        why = f"unknown item {quoted(name)}{did_you_mean(name, known)} (it may be of: {where})"
        document.tell(value.line, why)
        kind = "wrong"
    given = _given(document, word, value)
    label = given.pop("name", None)
    name = _name(document, label)
    sources = names_of(document, given.pop("from", None), "from")
    body: tuple[Layer, ...] = ()
    if "layers" in word.parameters and "layers" in given:
        body = read(document, given.pop("layers"), blocks)
    return Layer(kind, word, name, sources, given, body, value.line)


def _word(name: str, blocks: Mapping[str, Word]) -> tuple[str, Word | None]:
    """What kind of item a word begins, and what that takes."""
    if name in STRUCTURE:
        return name, STRUCTURE[name]
    if name in blocks:
        return "block", blocks[name]
    if "." in name and all(part.isidentifier() for part in name.split(".")):
        return "class", Word(name, {}, least=1, most=None, open=True)
    return "item", items().get(name)


def _given(document: Document, word: Word, value: Node) -> dict[str, Node]:
    """What is said of an item's parameters, those among them that it has."""
    if value.value is None:
        given: dict[str, Node] = {}
    elif isinstance(value.value, dict):
        given = dict(value.value)
    elif word.main is not None:
        given = {word.main: value}
    else:
        document.tell(value.line, f"{word.name} takes names with values, not {value.told}")
        return {}
    known = [*word.parameters, *OF_ALL]
    for name in [] if word.open else [name for name in given if name not in known]:
        near = did_you_mean(name, known) or f" (it takes: {', '.join(known)})"
        document.tell(given.pop(name).line, f"{word.name} takes no {quoted(name)}{near}")
    return given


def _name(document: Document, node: Node | None) -> str | None:
    if node is None or node.value is None:
        return None
    if not isinstance(node.value, str):
        document.tell(node.line, f"a name is a text, not {node.told}")
        return None
    return node.value if is_name(document, node.line, node.value) else None
