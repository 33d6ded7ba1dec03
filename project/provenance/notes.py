"""What people write about a run afterwards: tags and a note, beside the record, never in it."""

from pathlib import Path
from typing import Any

from project.files import lock, read_json, write_json
from project.provenance._layout import Layout
from project.run_directory import NOTES, NOTES_LOCK
from project.words.telling import quoted, unfit

_LAYOUT = Layout({"tags": ("texts", "a person's"), "note": ("text", "likewise")}, needed=())


def read_notes(directory: Path) -> dict[str, Any]:
    """`{"tags": [...], "note": "..."}` of the run in `directory`; empty ones if nobody wrote any.

    Raises:
        ValueError: the file is damaged.
    """
    path = directory / NOTES
    notes = {"tags": [], "note": ""} | (read_json(path, "tags", "note") if path.exists() else {})
    if fault := _LAYOUT.fault(notes):
        raise ValueError(f"{path} is damaged: {fault}")
    return notes


def change_tags(directory: Path, add: list[str], remove: list[str]) -> list[str]:
    """Add and remove tags of a run, and return those it then has, in order.

    Raises:
        ValueError: a tag to remove is not there, one to add is empty or holds control characters,
            or the notes are damaged.
        OSError: they can't be written.
    """
    for tag in add:
        if fault := unfit(tag):
            raise ValueError(f"tag {quoted(tag)} {fault}")
    with lock(directory / NOTES_LOCK):
        notes = read_notes(directory)
        if missing := [tag for tag in remove if tag not in notes["tags"]]:
            raise ValueError(f"run {directory.name} has no tag {missing[0]!r}")
        kept = [tag for tag in notes["tags"] if tag not in remove]
        tags = list(dict.fromkeys([*kept, *add]))
        write_json(directory / NOTES, notes | {"tags": tags})
    return tags


def set_note(directory: Path, note: str) -> None:
    """Write the run's note, in place of an earlier one.

    Raises:
        ValueError: the note holds control characters, or the notes are damaged.
        OSError: they can't be written.
    """
    if note and (fault := unfit(note, lines=True)):
        raise ValueError(f"note {quoted(note)} {fault}")
    with lock(directory / NOTES_LOCK):
        write_json(directory / NOTES, read_notes(directory) | {"note": note})
