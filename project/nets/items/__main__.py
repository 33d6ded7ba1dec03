"""Prints the table of items that docs/nets.md holds: `python -m project.nets.items`."""

from project.nets.items import ITEMS, Item, Parameter


def table() -> str:
    """Each item with its inputs and parameters, then what each parameter takes, in Markdown.

    Of an item's parameters the one is bold that a value alone means.
    """
    lines = ["| item | inputs | what it does | parameters |", "|---|---|---|---|"]
    lines += [_row(ITEMS[name]) for name in sorted(ITEMS)]
    lines += ["", "| parameter | takes |", "|---|---|"]
    return "\n".join(lines + [f"| {names} | {takes} |" for takes, names in _taken().items()])


def _row(item: Item) -> str:
    inputs = str(item.least)
    if item.most != item.least:
        inputs += " or more" if item.most is None else f" to {item.most}"
    parameters = ", ".join(_written(item, p) for p in item.parameters.values())
    return f"| `{item.name}` | {inputs} | {item.summary} | {parameters} |"


def _written(item: Item, parameter: Parameter) -> str:
    name = f"**`{parameter.name}`**" if parameter.name == item.main else f"`{parameter.name}`"
    return name if parameter.required else f"{name} = {_plain(parameter.default)}"


def _plain(default: object) -> str:
    """A default as a file has it."""
    words = {None: "null", True: "true", False: "false"}
    return words[default] if default is None or isinstance(default, bool) else str(default)


def _taken() -> dict[str, str]:
    """What parameters take, and which do; items are named where one name takes several things."""
    takes: dict[str, dict[str, list[str]]] = {}
    for item in ITEMS.values():
        for parameter in item.parameters.values():
            takes.setdefault(parameter.name, {}).setdefault(parameter.told, []).append(item.name)
    found: dict[str, list[str]] = {}
    for name, by_words in takes.items():
        for words, items in by_words.items():
            where = f" of {', '.join(items)}" if len(by_words) > 1 else ""
            found.setdefault(words, []).append(f"`{name}`{where}")
    return {words: "; ".join(names) for words, names in found.items()}


if __name__ == "__main__":
    print(table())
