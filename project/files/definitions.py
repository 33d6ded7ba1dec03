"""Where in its file a function or class is defined, and where a function returns."""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from typing import Any

from project.files.sources import tree


def place(thing: Any) -> tuple[str, int] | None:
    """File and line of the `def` or `class` of a thing, or of what runs when it is called.

    None where it has no source in Python: built in, or made while the program ran.
    """
    found = _source(_called(thing))
    if found is None:
        return None
    path, lines, first = found
    heads = ("def ", "async def ", "class ")
    at = next((i for i, line in enumerate(lines) if line.lstrip().startswith(heads)), 0)
    return path, first + at


def returning(function: Any) -> tuple[str, int] | None:
    """File and line of the only `return` of a function, or of its `def` where there are several."""
    found = _source(_called(function))
    if found is None:
        return None
    path, lines, first = found
    try:
        body = ast.parse(textwrap.dedent("".join(lines))).body
    except SyntaxError:  # a lambda, in the middle of a line
        return place(function)
    returns = [node.lineno for node in _own_nodes(body[0]) if isinstance(node, ast.Return)]
    return (path, first + returns[0] - 1) if len(returns) == 1 else place(function)


def top_level(path: str, name: str) -> int | None:
    """The line of a file at which a name is defined; None where only running it tells.

    Raises:
        ValueError: it is no Python, or no UTF-8.
        OSError: it can't be read.
    """
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    own = (node for node in tree(path).body if isinstance(node, kinds) and node.name == name)
    return next((node.lineno for node in own), None)


def _called(thing: Any) -> Any:
    """The function that runs when a thing is called; a class is itself."""
    while hasattr(thing, "func"):  # functools.partial
        thing = thing.func
    if isinstance(thing, type) or inspect.isroutine(thing):
        return inspect.unwrap(thing)
    # torch's modules run `forward`.
    return inspect.unwrap(getattr(type(thing), "forward", type(thing).__call__))


def _source(thing: Any) -> tuple[str, list[str], int] | None:
    """Path, lines and the first one's number of what defines a thing."""
    try:
        lines, first = inspect.getsourcelines(thing)
        path = inspect.getsourcefile(thing)
    except (TypeError, OSError):
        return None
    return (path, lines, max(first, 1)) if path else None


def _own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function, without those of functions within it."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            yield child
            yield from _own_nodes(child)
