"""The words that a net's file may use and what each takes, read from the items' source alone."""

import ast
import os
from collections.abc import Iterator, Mapping
from functools import cache
from typing import NamedTuple

from project.files.sources import tree
from project.words.places import PACKAGE

_FOLDER = os.path.join(PACKAGE, "nets", "items")
# Said of any item by the reader itself.
OF_ALL = ("name", "from")


class Takes(NamedTuple):
    """What may be said of one parameter.

    Attributes:
        required: whether it must be.
        numbers: whether it takes numbers, so that a text without quotes is arithmetic.
        texts: whether it takes texts; then only a text that is no such word can be arithmetic.
    """

    required: bool
    numbers: bool
    texts: bool


class Word(NamedTuple):
    """What an item of a list of layers may begin with.

    Attributes:
        name: in the file.
        parameters: by name.
        main: the one that a value alone means.
        least: how many inputs it needs.
        most: how many it can take; None: any number. One that takes one only has, of `from`, that
            one instead of what came before; any other has it in addition.
        open: whether it takes further parameters, which only its class or plug knows.
    """

    name: str
    parameters: Mapping[str, Takes]
    main: str | None = None
    least: int = 1
    most: int | None = 1
    open: bool = False


_NUMBER, _TEXT = Takes(True, True, False), Takes(True, False, True)
_LIST, _WEIGHTS = Takes(True, False, False), Takes(False, False, True)
# Words of the reader's own.
STRUCTURE = {
    "repeat": Word("repeat", {"times": _NUMBER, "layers": _LIST, "weights": _WEIGHTS}),
    "use": Word("use", {"of": _TEXT, "weights": _WEIGHTS}, "of", most=None),
    "select": Word("select", {"index": Takes(False, True, True)}, "index"),
    "model": Word("model", {"of": _TEXT}, "of", open=True),
}


@cache
def items() -> dict[str, Word]:
    """All items by name, as `@item` and the functions under it say."""
    paths = sorted(os.path.join(_FOLDER, n) for n in os.listdir(_FOLDER) if n.endswith(".py"))
    aliases = {name: value for path in paths for name, value in _aliases(path)}
    return {word.name: word for path in paths for word in _words(path, aliases)}


def _aliases(path: str) -> Iterator[tuple[str, ast.expr]]:
    """The values of a module's names, among which are the types that items share."""
    for node in tree(path).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            yield node.targets[0].id, node.value


def _words(path: str, aliases: Mapping[str, ast.expr]) -> Iterator[Word]:
    for node in tree(path).body:
        for call in node.decorator_list if isinstance(node, ast.FunctionDef) else ():
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "item":
                yield _word(node, call, aliases)


def _word(node: ast.FunctionDef, call: ast.Call, aliases: Mapping[str, ast.expr]) -> Word:
    told = {key.arg: ast.literal_eval(key.value) for key in call.keywords}
    least, most = told.get("inputs", (1, 1))
    form = node.args
    parameters = {
        a.arg: _takes(a.annotation, aliases, required=default is None)
        for a, default in zip(form.kwonlyargs, form.kw_defaults, strict=True)
    }
    return Word(ast.literal_eval(call.args[0]), parameters, told.get("main"), least, most)


def _takes(hint: ast.expr | None, aliases: Mapping[str, ast.expr], required: bool) -> Takes:
    names = _names(hint, aliases)
    return Takes(required, bool(names & {"int", "float"}), bool(names & {"str", "Literal"}))


def _names(hint: ast.expr | None, aliases: Mapping[str, ast.expr]) -> set[str]:
    """The names of an annotation, and of those that it is short for."""
    found: set[str] = set()
    waiting = [hint] if hint is not None else []
    while waiting:
        for node in ast.walk(waiting.pop()):
            if isinstance(node, ast.Name) and node.id not in found:
                found.add(node.id)
                waiting += [aliases[node.id]] if node.id in aliases else []
    return found
