"""Pictures that runs have drawn, as parts of the page."""

from collections.abc import Sequence
from typing import Any

from project.comparison.loading import KnownRun
from project.comparison.pictures import by_name, media_type, picture_name
from project.run_directory import FIGURES
from project.words.addresses import data_address
from project.words.telling import natural

# Of all pictures; a page of more is slow to open and too large to send.
MOST_BYTES = 8 * 2**20


def figures(
    runs: Sequence[KnownRun], labels: Sequence[str]
) -> tuple[list[dict[str, Any]], dict[str, str], int]:
    """The pictures in the runs' `figures` folders.

    Returns:
        A row for each name that any run has a picture under, of its `name` and in `runs` each run's
        (`path`, `step`, `note`); the addresses that hold the pictures, by label and path; how many
        pictures were left out, as together they are too large.
    Raises:
        OSError: one can't be read.
    """
    rows: dict[str, dict[str, list[dict[str, Any]]]] = {}
    addresses: dict[str, str] = {}
    room, left_out = MOST_BYTES, 0
    for label, name, run, path in _listed(runs, labels):
        content = (run.directory / FIGURES / path).read_bytes()
        if len(content) > room:
            left_out += 1
            continue
        room -= len(content)
        addresses[f"{label}/{path}"] = data_address(content, str(media_type(path)))
        shown = {"path": path, "step": None, "note": ""}
        rows.setdefault(name, {}).setdefault(label, []).append(shown)
    found = [
        {"name": name, "runs": [rows[name].get(label, []) for label in labels]}
        for name in sorted(rows, key=by_name)
    ]
    return found, addresses, left_out


def _listed(
    runs: Sequence[KnownRun], labels: Sequence[str]
) -> list[tuple[str, str, KnownRun, str]]:
    """(label, name, run, path) of each picture, those of one name beside each other."""
    listed = []
    for label, run in zip(labels, runs, strict=True):
        folder = run.directory / FIGURES
        files = (path for path in folder.rglob("*") if path.is_file() and media_type(path.name))
        paths = sorted((path.relative_to(folder).as_posix() for path in files), key=natural)
        listed += [(label, picture_name(path), run, path) for path in paths]
    return sorted(listed, key=lambda entry: by_name(entry[1]))
