"""The uncommitted changes of runs: one run's, or what two runs' differ in."""

from __future__ import annotations

from difflib import unified_diff
from typing import TypedDict

from project.run_directory import PATCH
from project.server.api.context import Context
from project.server.compare import files
from project.server.compare.visible import Run
from project.server.errors import bad_request

# Finding the difference takes time that grows with the square of the length.
LONGEST = 400_000


class Patch(TypedDict):
    """What the page shows: its title and text, in the form of a diff."""

    title: str
    text: str


def compare(context: Context, runs: list[Run]) -> Patch:
    """The patch of one run, or the difference between those of two.

    Raises:
        ApiError: 404, a run has none; 400, more runs than two, or patches too long to compare.
    """
    texts = [files.text(context.settings, run, PATCH) for run in runs]
    if len(runs) == 1:
        return {"title": f"Uncommitted changes of {runs[0].name}", "text": texts[0]}
    if len(runs) != 2:
        raise bad_request("give one run, or two")
    title = f"From {runs[0].name}'s uncommitted changes to {runs[1].name}'s"
    if texts[0] == texts[1]:
        return {"title": title, "text": ""}
    if max(map(len, texts)) > LONGEST:
        raise bad_request("the changes are too long to be compared here")
    lines = (text.splitlines() for text in texts)
    return {"title": title, "text": "\n".join(unified_diff(*lines, "", "", lineterm="", n=3))}
