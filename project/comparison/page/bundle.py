"""Modules of JavaScript as one script, which a page can hold and a file: address can run."""

import re
from collections.abc import Mapping

_IMPORT = re.compile(r"^import \{ ([\w, ]+) \} from \"\.[./\w]*/([\w-]+)\.js\";\n", re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|const|let|class) (\w+))", re.MULTILINE)
_OTHER = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)


def bundle(modules: Mapping[str, str], entry: str) -> str:
    """The module `entry` and all that it imports, each in a function of its own.

    Args:
        modules: Source texts by name, without folder and `.js`; each imports as `import { a, b }
            from "./name.js";` and exports functions, constants and classes where it defines them.
        entry: The module that begins.
    """
    order: list[str] = []
    _visit(entry, modules, order, ())
    parts = [_wrapped(name, modules[name]) for name in order]
    return '"use strict";\n(() => {\nconst modules = {};\n' + "".join(parts) + "})();\n"


def _visit(name: str, modules: Mapping[str, str], order: list[str], above: tuple[str, ...]) -> None:
    """Put a module behind those that it needs."""
    assert name not in above, f"modules import each other: {' '.join((*above, name))}"
    if name not in order:
        for _, needed in _IMPORT.findall(modules[name]):
            _visit(needed, modules, order, (*above, name))
        order.append(name)


def _wrapped(name: str, source: str) -> str:
    exported = ", ".join(_EXPORT.findall(source))
    text = _IMPORT.sub(r"const { \1 } = modules.\2;\n", source)
    text = _EXPORT.sub("", text)
    assert not _OTHER.search(text), f"{name}: {_OTHER.search(text)}"
    return f"modules.{name} = (() => {{\n{text}\nreturn {{ {exported} }};\n}})();\n"
