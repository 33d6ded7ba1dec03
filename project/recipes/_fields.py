"""How values of a recipe's file are read: each mistake is told with its place, and none stops."""

from collections.abc import Iterable, Sequence
from typing import Any

from project.files.marked_yaml import Node
from project.words.telling import did_you_mean

Range = tuple[float, float]


class Fields:
    """What stands under one step of a file.

    Args:
        name: of the step.
        node: its value; a mapping, or what `main` means alone.
        main: name of the field that a value alone is for; None: no value may stand alone.
        known: names of all fields.
        problems: gets a line for each mistake.
    """

    def __init__(
        self, name: str, node: Node, main: str | None, known: Sequence[str], problems: list[str]
    ) -> None:
        self.name, self.node, self._problems = name, node, problems
        self._values: dict[str, Node] = {}
        if isinstance(node.value, dict):
            self._values = node.value
        elif node.value is not None and main is not None:
            self._values = {main: node}
        elif node.value is not None:
            self.tell(node, f"takes no {node.told}")
        for key, value in self._values.items():
            if key not in known:
                takes = f"it takes {', '.join(known)}" if known else "it takes nothing"
                self.tell(value, f"has no {key!r}{did_you_mean(key, known)} ({takes})")

    def tell(self, node: Node, why: str) -> None:
        """Note a mistake."""
        self._problems.append(f"{node.place}: {self.name} {why}")

    def get(self, key: str) -> Node | None:
        """The value of a field; None: it is not given."""
        return self._values.get(key)

    def number(self, key: str, default: float, low: float, high: float) -> float:
        """A number from `low` to `high`."""
        if (node := self.get(key)) is None:
            return default
        if not _is_number(node) or not low <= node.value <= high:
            self.tell(node, f"needs a {key} from {low:g} to {high:g}, not {node.told}")
            return default
        return float(node.value)

    def whole(self, key: str, default: int, allowed: Iterable[int]) -> int:
        """One of some whole numbers."""
        if (node := self.get(key)) is None:
            return default
        if not _is_whole(node) or node.value not in allowed:
            self.tell(node, f"needs a {key} of {_told(allowed)}, not {node.told}")
            return default
        return node.value

    def flag(self, key: str, default: bool) -> bool:
        """True or false."""
        if (node := self.get(key)) is None:
            return default
        if not isinstance(node.value, bool):
            self.tell(node, f"needs true or false as {key}, not {node.told}")
            return default
        return node.value

    def range(self, key: str, default: Range, bounds: Range, unit: str = "") -> Range:
        """Two numbers, the second not less than the first; one number stands for both."""
        if (node := self.get(key)) is None:
            return default
        each = node.value if isinstance(node.value, list) else [node, node]
        if len(each) != 2 or not all(map(_is_number, each)):
            self.tell(node, f"needs a {key} of two numbers, as [{default[0]:g}, {default[1]:g}]")
            return default
        low, high = float(each[0].value), float(each[1].value)
        if low > high:
            self.tell(node, f"has an empty {key}: {low:g} is more than {high:g}")
        elif not bounds[0] <= low <= high <= bounds[1]:
            what = f"{bounds[0]:g} to {bounds[1]:g}{f' ({unit})' if unit else ''}"
            self.tell(node, f"takes a {key} within {what}, not {low:g} to {high:g}")
        return low, high

    def numbers(self, key: str, low: float) -> tuple[float, ...] | None:
        """One number or several, all more than `low`; None: not given."""
        if (node := self.get(key)) is None:
            return None
        each = node.value if isinstance(node.value, list) else [node]
        if not each or not all(_is_number(one) and one.value > low for one in each):
            more = "" if low < -1e300 else f" above {low:g}"
            self.tell(node, f"needs numbers{more} as {key}, not {node.told}")
            return None
        return tuple(float(one.value) for one in each)

    def sides(self, key: str, low: int, high: int, needed: bool = True) -> tuple[int, ...]:
        """One whole number, or a list of two."""
        node = self.get(key)
        if node is None:
            if needed:
                self.tell(self.node, f"needs a {key}")
            return (low,)
        each = node.value if isinstance(node.value, list) else [node]
        fits = all(_is_whole(one) and low <= one.value <= high for one in each)
        if len(each) not in (1, 2) or not fits:
            told = "such a list" if isinstance(node.value, list) else node.told
            allowed = f"a whole number from {low} to {high}, or two of them"
            self.tell(node, f"needs {allowed} as {key}, not {told}")
            return (low,)
        return tuple(one.value for one in each)

    def option(self, key: str, default: Any, limits: Range | None = None) -> Any:
        """A value of the same type as a default: of a number, text, true or false, or several.

        Numbers are within limits, and several in their order.
        """
        found = self._option(key, default)
        each = found if isinstance(found, tuple) else (found,)
        if limits and not limits[0] <= each[0] <= each[-1] <= limits[1]:
            order = ", the first not more than the second" * (len(each) > 1)
            told = _shown(found)
            self.tell(
                self.node, f"takes {key} from {limits[0]:g} to {limits[1]:g}{order}, not {told}"
            )
            return default
        return found

    def _option(self, key: str, default: Any) -> Any:
        if (node := self.get(key)) is None:
            return default
        found = node.plain
        if isinstance(default, tuple) and isinstance(found, list):
            if len(found) == len(default) and all(map(_like, found, default)):
                return tuple(type(d)(f) for f, d in zip(found, default, strict=True))
        elif _like(found, default):
            return found if default is None else type(default)(found)
        self.tell(node, f"takes {key} as its default is, {_shown(default)}, not {node.told}")
        return default


def _is_number(node: Node) -> bool:
    return isinstance(node.value, (int, float)) and not isinstance(node.value, bool)


def _is_whole(node: Node) -> bool:
    return isinstance(node.value, int) and not isinstance(node.value, bool)


def _like(found: Any, default: Any) -> bool:
    """Whether a plain value may stand for a default."""
    if isinstance(default, float):
        return isinstance(found, (int, float)) and not isinstance(found, bool)
    return type(found) is type(default) or (default is None and isinstance(found, (int, float)))


def _shown(default: Any) -> str:
    return str(list(default)) if isinstance(default, tuple) else str(default).lower()


def _told(allowed: Iterable[int]) -> str:
    if isinstance(allowed, range):
        return f"{allowed[0]} to {allowed[-1]}"
    return " or ".join(map(str, allowed))
