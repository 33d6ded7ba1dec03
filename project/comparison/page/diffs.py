"""The code's diffs by file, for the page."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

# Of all diffs; more than that nobody reads in a page.
MOST_CHARACTERS = 2_000_000
_FILE = re.compile(r"^(?=diff --git )", re.MULTILINE)


def diffs(found: Sequence[Mapping[str, Any]]) -> tuple[list[dict[str, Any]], int]:
    """The diffs of a description, each file's text by itself.

    Returns:
        Of each diff `from`, `to` (labels) and its `files`: `name`, lines `added` and `removed`,
        and `text`, None where it is left out; and how many are.
    """
    room, left_out, listed = MOST_CHARACTERS, 0, []
    for diff in found:
        files = []
        texts = [part for part in _FILE.split(diff["text"]) if part]
        for file, text in zip(diff["files"], texts, strict=True):
            fits = len(text) <= room
            room -= len(text) if fits else 0
            left_out += not fits
            files.append({**file, "text": text if fits else None})
        listed.append({"from": diff["from"], "to": diff["to"], "files": files})
    return listed, left_out
