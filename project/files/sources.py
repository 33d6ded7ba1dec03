"""What a Python file says without being run: the names it defines, and the literals among them."""

import ast
import os
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any


def tree(path: str) -> ast.Module:
    """A file's syntax tree.

    Raises:
        ValueError: it is no Python, or no UTF-8; one line with the place.
        OSError: it can't be read.
    """
    state = os.stat(path)
    return _tree(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=64)
def _tree(path: str, changed: int, size: int) -> ast.Module:
    with open(path, "rb") as file:
        content = file.read()
    try:
        return ast.parse(content)
    except SyntaxError as error:
        raise ValueError(f"{path}:{error.lineno or 1}: {error.msg}") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f"{path}: no Python source: {error}") from None


def defined(path: str) -> set[str] | None:
    """The names that a module defines; None where only running it tells.

    Raises:
        ValueError: as of `tree`.
        OSError: as of `tree`.
    """
    found = set(_names(tree(path).body))
    return None if found & {"*", "__getattr__"} else found


def literal(path: str, name: str) -> Any:
    """The value of `name = VALUE` in a module; None where it has none.

    Raises:
        ValueError: the value is no literal, or as of `tree`; one line with the place.
        OSError: as of `tree`.
    """
    for node in tree(path).body:
        if name in _assigned(node) and getattr(node, "value", None) is not None:
            return value_of(node.value, path, name)
    return None


def value_of(node: ast.expr, path: str, name: str) -> Any:
    """The value that a literal stands for.

    Raises:
        ValueError: it is none; one line with the place and `name`.
    """
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        raise ValueError(
            f"{path}:{node.lineno}: {name} is no literal: it is read without running the file"
        ) from None


def _assigned(node: ast.stmt) -> list[str]:
    targets: Iterable[ast.expr] = ()
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, (ast.AnnAssign, ast.AugAssign)):
        targets = [node.target]
    return [n.id for target in targets for n in ast.walk(target) if isinstance(n, ast.Name)]


def _names(body: Iterable[ast.stmt]) -> Iterator[str]:
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from (a.asname or a.name.partition(".")[0] for a in node.names)
        else:
            yield from _assigned(node)
            for block in ("body", "orelse", "finalbody"):
                yield from _names(getattr(node, block, ()))
            for handler in getattr(node, "handlers", ()):
                yield from _names(handler.body)
