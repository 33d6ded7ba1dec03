"""Paths as people read them."""

import os


def brief(path: os.PathLike[str] | str) -> str:
    """A path from the folder a person stands in, where that is shorter than as it is."""
    text = os.fspath(path)
    if ".." in text.split(os.sep):
        return text  # behind a link it may not lead where it seems to
    try:
        return min(text, os.path.relpath(text), key=len)
    except OSError:
        return text  # the folder one stands in is gone
