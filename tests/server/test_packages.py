"""The server's packages import one way: each those that its docstring names before it."""

import ast
import re
from pathlib import Path

import project.server

ROOT = Path(project.server.__file__).parent
ORDER = re.findall(r"^    (\w+) ", project.server.__doc__, re.MULTILINE)


def imported(path: Path) -> set[str]:
    """The packages of the server that a file imports, but for hints of types."""
    tree = ast.parse(path.read_text())
    tree.body = [node for node in tree.body if not is_for_hints(node)]
    froms = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    modules = {f"{node.module}.{alias.name}" for node in froms for alias in node.names}
    names = {m.removeprefix("project.server.").split(".")[0] for m in modules if "server." in m}
    return names & set(ORDER)


def is_for_hints(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def test_the_docstring_names_every_package() -> None:
    assert sorted(ORDER) == sorted(path.parent.name for path in ROOT.glob("*/__init__.py"))


def test_each_package_imports_only_those_before_it() -> None:
    for rank, package in enumerate(ORDER):
        for path in (ROOT / package).glob("*.py"):
            assert imported(path) <= set(ORDER[: rank + 1]), path
