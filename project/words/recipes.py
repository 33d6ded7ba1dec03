"""The text of a recipe as flags and records keep it: the file's, below a line with its name."""

import os
import re
from hashlib import blake2s

_FIRST = "# file: "
_KEPT = re.compile(rf"{_FIRST}([^\n]+)\n")
_INLINE = "recipe"  # one that stands in a config file itself


def is_kept(value: str) -> bool:
    """Whether a value is the text of a recipe, with its name."""
    return _KEPT.match(value) is not None


def named(path: str, text: str) -> str:
    """The text of a file with its name."""
    return f"{_FIRST}{os.path.basename(path) or _INLINE}\n{text}"


def apart(kept: str) -> tuple[str, str]:
    """The name of the file, and its text, whose lines are counted as there."""
    found = _KEPT.match(kept)
    assert found, "a recipe is kept with its name"
    end = found.end()
    return found[1], kept[end:]


def short(kept: str) -> str:
    """A text in a table: its name, and what tells it from others of that name."""
    name, text = apart(kept)
    return f"{name} ({blake2s(text.encode()).hexdigest()[:8]})"
