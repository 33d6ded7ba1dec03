"""A layout of JSON: its keys with their kinds, checked in one walk, and told to people."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

_TEXTS = ("nan", "inf", "-inf")  # numbers that JSON lacks
_KINDS: dict[str, Callable[[Any], bool]] = {
    "text": lambda value: isinstance(value, str),
    "integer": lambda value: type(value) is int,
    "number": lambda value: type(value) in (int, float) or value in _TEXTS,
    "boolean": lambda value: isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
    "list": lambda value: isinstance(value, list),
    "texts": lambda value: isinstance(value, list) and all(isinstance(v, str) for v in value),
    "numbers": lambda value: isinstance(value, list) and all(map(_KINDS["number"], value)),
    "anything": lambda value: True,
}
_OR_NULL = " or null"


class Layout:
    """What keys an object has; `a.b` is a key of the object under `a`, `a.*` any key there.

    Attributes:
        keys: kind and meaning of each.
    """

    def __init__(self, keys: Mapping[str, tuple[str, str]], needed: Collection[str]) -> None:
        self.keys = dict(keys)
        self._root = _Node("object", True)
        for path, (kind, _) in keys.items():
            self._root.add(path.split("."), _Node(kind, path in needed))

    def fault(self, value: Any, *, whole: bool = True) -> str | None:
        """The first thing about `value` that is not as laid out, in words; None if all is.

        Args:
            value: what was read. Keys that the layout does not know are no fault.
            whole: whether the needed keys must be there, and none be null that has no such kind.
        """
        return self._root.fault(value, "", whole)

    def unknown(self, value: Mapping[str, Any]) -> list[str]:
        """The keys of `value`, at any depth, that the layout does not have."""
        return self._root.unknown(value, "")


class _Node:
    def __init__(self, kind: str, needed: bool) -> None:
        self.kind, self.needed = kind, needed
        self.null = kind.endswith(_OR_NULL)
        self.fits = _KINDS[kind.removesuffix(_OR_NULL)]
        self.children: dict[str, _Node] = {}
        self.any: _Node | None = None

    def add(self, path: list[str], node: "_Node") -> None:
        name, *rest = path
        if rest:
            child = self.any if name == "*" else self.children[name]
            assert child is not None, path
            child.add(rest, node)
        elif name == "*":
            self.any = node
        else:
            self.children[name] = node

    def fault(self, value: Any, path: str, whole: bool) -> str | None:
        if value is None and (self.null or not whole):
            return None
        if not self.fits(value):
            return f"{path!r} is {_short(value)}, not {self.kind}" if path else "it is no object"
        if not isinstance(value, dict):
            return None
        if whole:
            for name, child in self.children.items():
                if child.needed and name not in value:
                    return f"it lacks {_join(path, name)!r}"
        for name, item in value.items():
            child = self.children.get(name, self.any)
            if child is not None and (found := child.fault(item, _join(path, name), whole)):
                return found
        return None

    def unknown(self, value: Any, path: str) -> list[str]:
        if not isinstance(value, dict) or not (self.children or self.any):
            return []
        found = []
        for name, item in value.items():
            child = self.children.get(name, self.any)
            inner = _join(path, name)
            found += [inner] if child is None else child.unknown(item, inner)
        return found


def markdown(schema: int, layouts: Mapping[str, Layout]) -> str:
    """The layouts as tables of Markdown, by the file they are of."""
    lines = [
        "# What a run's files say",
        "",
        f"Schema {schema}. Written by `python -m project.provenance.schema`; a test keeps it true.",
    ]
    for file, layout in layouts.items():
        lines += ["", f"## {file}", "", "| key | kind | meaning |", "|---|---|---|"]
        lines += [f"| `{key}` | {kind} | {text} |" for key, (kind, text) in layout.keys.items()]
    return "\n".join(lines) + "\n"


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
