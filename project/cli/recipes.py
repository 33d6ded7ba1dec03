"""`--recipe`: a file, whose text becomes the value; so records and checkpoints need no file."""

import os

from project.files.marked_yaml import read_text
from project.words.recipes import is_kept, named
from project.words.telling import did_you_mean, quoted


def read(flag: str, value: str) -> str:
    """The text with its name, of a path; a text, as records and config files have it, stays.

    Raises:
        ValueError: the file can't be read; one line with its name.
    """
    if is_kept(value):
        return value
    if "\n" in value:
        return named("", value)
    try:
        return named(value, read_text(value, "recipe"))
    except FileNotFoundError:
        raise ValueError(f"{flag} {quoted(value)}: there is no such file{_near(value)}") from None
    except OSError as error:
        raise ValueError(f"{flag} {quoted(value)}: {error.strerror}") from None


def _near(path: str) -> str:
    """The file that was meant, perhaps."""
    folder = os.path.dirname(path) or "."
    names = os.listdir(folder) if os.path.isdir(folder) else []
    return did_you_mean(
        path, [os.path.join(folder, name) if folder != "." else name for name in names]
    )
