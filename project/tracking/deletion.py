"""Deleting a run where trackers keep it, on a person's word."""

from collections.abc import Sequence
from pathlib import Path

from project.files import read_json, try_lock
from project.run_directory import RECORD, TRACKING, followed, lock_of
from project.tracking.choice import load
from project.tracking.state import State

ALL = "all"


def delete_entries(run: Path, trackers: Sequence[str]) -> list[str]:
    """Delete a run where these trackers keep it; returns what became of it, a line each.

    Args:
        run: the directory; it stays.
        trackers: names, or `all` for those that it was sent to.
    Raises:
        Exception: whatever a tracker raises that can't be reached, or refuses.
    """
    sent = [name for name in followed(run) if ALL in trackers or name in trackers]
    return [line for name in sent for line in _delete(run, name)]


def _delete(run: Path, name: str) -> list[str]:
    state = State.load(run, name)
    if not state.remote or state.offline:
        return []  # what is only written on this disk is in the run's directory
    (run / TRACKING).mkdir(exist_ok=True)
    lock = try_lock(lock_of(run, name))
    if lock is None:
        raise ValueError("another process is sending the run just now; try again in a moment")
    with lock:
        tracker = load(name).build(run, dict(state.remote))
        try:
            line = tracker.delete(read_json(run / RECORD, "run_id"))
        finally:
            tracker.release()
    return [f"{name}: {line}" if line else f"can't be deleted from here: {state.where}"]
