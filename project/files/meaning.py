"""A hash of what Python code does: the same whatever its comments, docstrings and layout."""

import ast
from collections.abc import Collection, Iterator
from hashlib import blake2b

# Which tasks a plug serves is asked before training; no result depends on it.
_ASIDE = ("TASKS",)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
# What newer Pythons have in a tree, and what says nothing.
_UNSAID = ("ctx", "kind", "type_comment", "type_params", "type_ignores")


def meaning(source: str | bytes, names: Collection[str] = ()) -> str:
    """A hash in hexadecimal, for any version of Python.

    Args:
        source: of a module.
        names: of the functions that count, also of those in classes; none: all of it does.

    Raises:
        SyntaxError: it is no Python.
    """
    tree = ast.parse(source)
    parts = [node for node in ast.walk(tree) if _is_named(node, names)] if names else [tree]
    text = "\n".join(piece for part in parts for piece in _told(part))
    return blake2b(text.encode(errors="surrogatepass"), digest_size=16).hexdigest()


def imported(source: str | bytes, package: str) -> set[str]:
    """The modules of a package that a module of it imports anywhere."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{each.name}" for each in node.names)}
    return {name for name in found if name.startswith(f"{package}.")}


def _is_named(node: ast.AST, names: Collection[str]) -> bool:
    return isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name in names


def _told(value: object) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _told(item)
        yield "."
    elif isinstance(value, ast.AST):
        yield type(value).__name__
        for name, field in ast.iter_fields(value):
            if name in _UNSAID or field is None or field == []:
                continue
            yield name
            yield from _told(_body(value, field) if name == "body" else field)
    else:
        yield repr(value)


def _body(node: ast.AST, body: object) -> object:
    """Without a docstring, and what is aside."""
    if not isinstance(body, list):
        return body
    first = body[0] if isinstance(node, (*_DEFINITIONS, ast.Module)) else None
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        body = body[1:] if isinstance(first.value.value, str) else body
    return [each for each in body if not _is_aside(each)]


def _is_aside(node: ast.stmt) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else []
    return any(isinstance(target, ast.Name) and target.id in _ASIDE for target in targets)
