"""What is remembered of a run's way to a tracker, in `tracking/<name>.json` of its directory."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from project.files import read_json, write_json
from project.run_directory import followed, state_of


@dataclass
class State:
    """How far a run was sent to a tracker.

    Attributes:
        position: byte of the journal up to which records were sent.
        points: number of points in them.
        files: BLAKE3 of each file sent, by its path in the run's directory.
        remote: what the tracker remembers.
        closed: BLAKE3 of the outcome that was sent last, "lost" if there was none, or None.
        where: where to look, in a line.
        error: why sending does not work at the moment, in a line, or None.
    """

    position: int = 0
    points: int = 0
    files: dict[str, str] = field(default_factory=dict)
    remote: dict[str, Any] = field(default_factory=dict)
    closed: str | None = None
    where: str = ""
    error: str | None = None

    @property
    def offline(self) -> bool:
        """Whether what was sent is a copy on this machine that no service has yet."""
        return str(self.remote.get("id")).startswith("offline/")

    @classmethod
    def load(cls, run_dir: Path, name: str) -> State:
        """What is remembered of the run in `run_dir`; an empty state if that is nothing yet.

        Raises:
            ValueError: the file is damaged.
        """
        path = state_of(run_dir, name)
        if not path.exists():
            return cls()
        try:
            return cls(**read_json(path))
        except (ValueError, TypeError) as error:
            raise ValueError(f"{path} is damaged ({error}): delete it to send all again") from error

    def save(self, run_dir: Path, name: str) -> None:
        """Write it, whole.

        Raises:
            OSError: the directory can't be written.
        """
        write_json(state_of(run_dir, name), asdict(self))


def kept(run_dir: Path, without: Collection[str] = ()) -> list[str]:
    """Where trackers keep what they were sent of the run, a line each, whatever becomes of it.

    Args:
        run_dir: the run's directory.
        without: names of trackers that are passed over.
    """
    found = []
    for name in followed(run_dir):
        if name in without:
            continue
        try:
            state = State.load(run_dir, name)
        except ValueError:
            found.append(
                f"{name}, if it was sent there ({state_of(run_dir, name).name} is damaged)"
            )
            continue
        # What is only written on this disk is in the run's directory.
        if state.remote and state.where and not state.offline:
            found.append(state.where)
    return found
