"""How a net's file says what all parts of it say: names, lists of names, names with values."""

import re
from collections.abc import Collection, Mapping

from project.files.marked_yaml import Node
from project.nets.text.document import INPUT, PREVIOUS, Document
from project.words.telling import quoted

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,59}")


def mapping(document: Document, said: Mapping[str, Node], word: str) -> Mapping[str, Node]:
    """The names with values that stand under a word; none where nothing does."""
    node = said.get(word)
    if node is None or node.value is None:
        return {}
    if isinstance(node.value, dict):
        return node.value
    document.tell(node.line, f"{word} has names with values, not {node.told}")
    return {}


def names_of(document: Document, node: Node | None, word: str) -> tuple[str, ...]:
    """The name, or the names of a list, that stand under a word."""
    if node is None or node.value is None:
        return ()
    found: dict[str, None] = {}
    for each in node.value if isinstance(node.value, list) else [node]:
        if not isinstance(each.value, str):
            document.tell(each.line, f"{word} has names, not {each.told}")
        elif each.value in found:
            document.tell(each.line, f"{word} names {quoted(each.value)} twice; leave one out")
        else:
            found[each.value] = None
    return tuple(found)


def is_name(document: Document, line: int, name: str, taken: Collection[str] = ()) -> bool:
    """Whether something can be called so; where it can't, that is told.

    Args:
        document: whose file it is.
        line: where.
        name: that is given.
        taken: words that mean something else.
    """
    if not _NAME.fullmatch(name):
        rule = "a letter, then letters, digits and _, 60 at most"
        document.tell(line, f"{quoted(name)} is no name: {rule}")
    elif name in (INPUT, PREVIOUS) or name in taken:
        document.tell(line, f"{quoted(name)} means something else; give another name")
    else:
        return True
    return False
