"""The flags that a net's file declares of its own, `settings: {growth: 12}`, as a plug's are."""

from collections.abc import Mapping

from project.cli.fields import Field, convert, flag, value_problems
from project.files.marked_yaml import Node
from project.nets.text.document import Document
from project.nets.text.saying import is_name
from project.words.telling import did_you_mean, quoted

_TOLD = ("default", "help", "bounds", "choices", "sweep")
_KINDS = (bool, int, float, str)


def fields(document: Document) -> dict[str, Field]:
    """The flags by name; what is wrong with them is told."""
    found = {}
    for name, node in document.settings.items():
        if is_name(document, node.line, name):
            field = _field(document, name, node)
            found |= {name: field} if field is not None else {}
    return found


def _field(document: Document, name: str, node: Node) -> Field | None:
    said: Mapping[str, Node] = node.value if isinstance(node.value, dict) else {"default": node}
    for word in said:
        if word not in _TOLD:
            near = did_you_mean(word, _TOLD) or f" (it has: {', '.join(_TOLD)})"
            document.tell(said[word].line, f"setting {name} has no {quoted(word)}{near}")
    if said.keys() - set(_TOLD):
        return None
    default = said["default"].plain if "default" in said else None
    if type(default) not in _KINDS:
        kinds = "a number, a text, true or false"
        document.tell(node.line, f"setting {name} needs {kinds} as its default")
        return None
    more = {word: each.plain for word, each in said.items() if word not in ("default", "help")}
    more = {word: tuple(v) if isinstance(v, list) else v for word, v in more.items()}
    made: Field = flag(default, str(said["help"].plain) if "help" in said else "", **more)
    made.name, made.type = name, type(default)
    if why := _wrong(made):
        document.tell(node.line, f"setting {name}: {why}")
        return None
    return made


def _wrong(field: Field) -> str:
    """Why the facts of a setting don't fit its value; empty where they do."""
    from project.cli.settings import check  # which plugs' own are checked by

    try:
        check(field)
        field.default = convert(field, field.default)
        return next(iter(value_problems(field, field.default)), "")
    except (ValueError, TypeError) as error:
        return str(error)
