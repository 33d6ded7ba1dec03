"""The arrows of `project/`: which module names which, anywhere in its file, hints included."""

import ast
from collections.abc import Callable, Iterable
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "project").rglob("*.py"))


@cache
def module_name(path: Path) -> str:
    """`project.data` for `project/data/__init__.py`, `project.data.cache` for its file."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def tree(path: Path) -> ast.Module:
    """The source as Python reads it."""
    return ast.parse(path.read_text())


@cache
def nodes(path: Path) -> list[ast.AST]:
    """All nodes of the tree."""
    return list(ast.walk(tree(path)))


@cache
def imports(path: Path) -> set[str]:
    """Dotted names of all that `path` imports; for `from a import b`, both a and a.b."""
    found = set()
    for node in nodes(path):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@cache
def arrows() -> dict[str, set[str]]:
    """By module, those that it imports: at its top, in functions, and for hints.

    `from a import b` is an arrow to the module a.b, or, where b is no module, to a.
    """
    known = {module_name(path) for path in FILES}
    found: dict[str, set[str]] = {}
    for path in FILES:
        to = found.setdefault(module_name(path), set())
        for node in nodes(path):
            if isinstance(node, ast.Import):
                to |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names = (f"{node.module}.{alias.name}" for alias in node.names)
                to |= {name if name in known else node.module for name in names}
    return {
        module: {name for name in to if name.partition(".")[0] == "project"}
        for module, to in found.items()
    }


def circle(graph: dict[str, set[str]]) -> str | None:
    """One circle of the graph, as `a -> b -> a`; None where there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return " -> ".join(reversed(error.args[1]))
    return None


def between(room: Callable[[str], str], modules: Iterable[str]) -> dict[str, set[str]]:
    """By room, those that any of its modules imports from; `room` says which a module is in."""
    found: dict[str, set[str]] = {}
    for module in modules:
        own = room(module)
        found.setdefault(own, set()).update({room(to) for to in arrows()[module]} - {own})
    return found
