"""A few of many names, in a line."""


def some(names: list[str], most: int = 5) -> str:
    """The first names, quoted where they hold a blank, and how many more there are."""
    shown = ", ".join(repr(n) if n.split() != [n] else n for n in names[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")
