"""Plugs whose variant is a file that a person writes, `--model file:nets/mine.yaml`.

Such a plug's file says `READER = "package.module"`: what reads the texts, without PyTorch. The text
itself is kept among the flags, as an argument of what was chosen: whatever has a run's flags needs
the file no more, and what stands in the file later is no matter.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from types import ModuleType
from typing import Any

from project import plugs
from project.words.telling import did_you_mean, quoted

# The argument that holds the text: `model.args.text`.
TEXT = "text"
_READER = re.compile(r'(?m)^READER = "([\w.]+)"$')


def reader(kind: str, text: str) -> ModuleType | None:
    """What reads the file that `text` chooses a plug of; None: its variant is no file."""
    name, colon, _ = text.partition(":")
    found = _named(kind, name) if colon and name in plugs.names(kind) else None
    if found is None:
        return None
    from importlib import import_module

    return import_module(found)


@cache
def _named(kind: str, name: str) -> str | None:
    found = _READER.search(plugs.source(plugs.path_of(kind, name)))
    return found[1] if found else None


def known(values: Iterable[tuple[str, Any]]) -> dict[str, str]:
    """The texts that flags hold, by what was chosen: of several the last.

    Args:
        values: names and values of flags; `plugs` and `args` have values by what was chosen.
    """
    found = {}
    for _, value in values:
        for text, own in value.items() if isinstance(value, Mapping) else ():
            kept = own.get(TEXT) if isinstance(own, Mapping) else None
            if isinstance(kept, str) and ":" in str(text):
                found[str(text)] = kept
    return found


def text_of(kind: str, text: str, there: Mapping[str, str]) -> str:
    """The text of the file that is chosen: of a run's flags, or as it is now.

    Raises:
        ValueError: there is no such file, it is too large, or no UTF-8; in one line.
        OSError: it can't be read.
    """
    if text in there:
        return there[text]
    from project.files.marked_yaml import read_text

    path = text.partition(":")[2]
    if not os.path.isfile(path):
        near = did_you_mean(path, _beside(path))
        raise ValueError(f"--{kind} {quoted(text)}: there is no file {path}{near}")
    return read_text(path, f"file of a {kind}")


def _beside(path: str) -> Iterator[str]:
    folder = os.path.dirname(path)
    for place in (folder, os.path.join("configs", "nets")):
        if os.path.isdir(place or "."):
            yield from (os.path.join(place, name) for name in sorted(os.listdir(place or ".")))


def kept(
    chosen: Iterable[tuple[str, str]], values: Mapping[str, Any]
) -> tuple[dict[str, dict[str, str]], list[str]]:
    """The texts of the files that were chosen, as arguments, and what is wrong with them.

    Args:
        chosen: kinds and what was chosen of each.
        values: arguments by what was chosen, in which texts may be already.
    """
    found, problems = {}, []
    there = known([("plugs", values)])
    for kind, text in chosen:
        if reader(kind, text) is None:
            continue
        try:
            found[text] = {TEXT: text_of(kind, text, there)}
        except (ValueError, OSError) as error:
            problems.append(_line(kind, text, error))
    return found, problems


def wrong(kind: str, text: str, there: Mapping[str, str]) -> list[str]:
    """What is wrong in the file that is chosen, as far as it can be told without PyTorch."""
    if (read := reader(kind, text)) is None:
        return []
    try:
        return list(read.problems(text_of(kind, text, there), text.partition(":")[2]))
    except (ValueError, OSError) as error:
        return [_line(kind, text, error)]


def notes(chosen: Iterable[tuple[str, str]], values: Mapping[str, Any]) -> list[str]:
    """What is said in vain in the texts that flags hold, a line each."""
    there = known([("plugs", values)])
    each = [(text, reader(kind, text)) for kind, text in chosen if text in there]
    return [
        line
        for text, read in each
        if read is not None
        for line in read.warnings(there[text], text.partition(":")[2])
    ]


def modules(kind: str, text: str, values: Mapping[str, Any]) -> list[str]:
    """The modules of a person's own that a text names, which a run keeps."""
    own = known([("plugs", values)]).get(text)
    read = reader(kind, text) if own is not None else None
    return [] if read is None else list(read.modules(own, text.partition(":")[2]))


def _line(kind: str, text: str, error: ValueError | OSError) -> str:
    if isinstance(error, OSError):
        return f"--{kind} {quoted(text)}: {error.strerror}"
    return str(error)
