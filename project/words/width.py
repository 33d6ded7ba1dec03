"""How wide texts are on a terminal, where Chinese, Japanese and Korean letters take two columns."""

from unicodedata import east_asian_width


def cells(text: str) -> int:
    """How many columns a text takes."""
    return sum(1 + (east_asian_width(letter) in "WF") for letter in text)


def squeezed(text: str, n: int) -> str:
    """A text in at most n columns, without its middle where it is wider."""
    if cells(text) <= n:
        return text
    middle = len(text) // 2
    head, tail = text[:middle], text[middle:]
    while cells(head) + 1 + cells(tail) > n:
        head, tail = (head[:-1], tail) if cells(head) > cells(tail) else (head, tail[1:])
    return f"{head}…{tail}"
