"""Names of files as people can read them: a few of many, in a line."""


def some(names: list[str], most: int = 5) -> str:
    """The first names, quoted where they hold a blank, and how many more there are."""
    shown = ", ".join(map(printable, names[:most]))
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")


def printable(name: str) -> str:
    """A name, quoted where it holds a blank, a control character or what is no text."""
    return name if name.split() == [name] and name.isprintable() else repr(name)
