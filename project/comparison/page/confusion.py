"""The confusion matrices of runs' tests, for the page."""

from collections.abc import Sequence
from typing import Any

from project.comparison.loading import KnownRun
from project.provenance.confusion import CONFUSION, read_matrix

# More classes than a screen has room for; and of all matrices together so many counts.
MOST_CLASSES = 60
MOST_COUNTS = 200_000


def confusion(
    runs: Sequence[KnownRun], labels: Sequence[str]
) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """The matrices that runs have left.

    Returns:
        by label `classes` and `counts`, a row for each target class; and a sentence for what is
        left out, or can't be read.
    """
    found: dict[str, dict[str, Any]] = {}
    notes, left_out, room = [], 0, MOST_COUNTS
    for label, run in zip(labels, runs, strict=True):
        path = run.directory / CONFUSION
        if not path.is_file():
            continue
        try:
            classes, counts = read_matrix(path)
        except (ValueError, OSError) as error:
            notes.append(f"The confusion matrix of {label} can't be read: {error}.")
            continue
        room -= counts.size
        if len(classes) > MOST_CLASSES or room < 0:
            left_out += 1
        else:
            found[label] = {"classes": classes, "counts": counts.tolist()}
    if left_out:
        notes.append(f"{left_out:,} confusion matrices are left out, as they are too large.")
    return found, notes
