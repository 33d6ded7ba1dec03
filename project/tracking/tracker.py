"""What a tracker is: a place that shows runs to people, fed from a run directory by a follower."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any


class Tracker(ABC):
    """One run's entry in one tracking service; to add a service, write one file with such a class.

    The file is named after the package it imports (`mlflow.py` imports `mlflow`; that is how a
    missing package is found without importing it), and the name is the `--tracker` flag's value.
    It defines `build(run_dir, remote) -> Tracker`, which neither imports the package nor talks to
    the service: it is also called before training starts, to find mistakes in the settings early.
    It may define `preload()`, which imports the package while the training process starts, and
    `is_slow_to_open(run_dir)`, which says that `open` has so much to do that a short run should
    rather end first.

    A follower drives it in a process of its own: `build`, `open`, then any number of `log` and
    `upload`, then `close` if the run has ended (and `upload` of checkpoints), then always
    `release`. Calls come from one thread.
    Each may block, and may raise anything: the follower writes the message to its log (credentials
    scrubbed), lets go (`release`), builds a new tracker and tries again, later, from the last batch
    that came through. A `ValueError` from `build` or `open` is a mistake in the settings, which no
    later try would mend: its one line is shown to the person, and the follower ends.

    What was sent is remembered after each call returns, so a call returns only once the service has
    taken the data (an SDK that queues must be waited for). A process killed in between sends the
    last batch or file once more: a tracker makes that harmless (the same row, or points already
    there left out), so that each (name, step) stands in the service exactly once.

    Attributes:
        name: The tracker's name on the command line.
        run_dir: `<exp-dir>/<exp-name>/<run-id>`, absolute.
        remote: What this tracker remembers between processes, as JSON: written to
            `tracking/<name>.json` after each `open`, `log`, `upload` and `close`. Never a secret.
            `remote["id"]`, the entry's identity in the service, is set by `open`; one that begins
            with "offline/" stands for a copy on this machine that no service has yet.
        takes_checkpoints: Whether `upload` takes those that `--upload` asks for, of any size.
    """

    name: str
    takes_checkpoints = True

    def __init__(self, run_dir: Path, remote: dict[str, Any]) -> None:
        self.run_dir = run_dir
        self.remote = remote

    @abstractmethod
    def open(self, record: dict[str, Any]) -> dict[str, Any]:
        """Create the run's entry, or go on with the one in `remote`; return what to remember of it.

        Sends what is known from the start: flags, tags, description, code state, data set. Doing so
        again changes nothing, except that an entry that had ended is marked as running again.
        After a crash `remote` may lack an entry that was made: look for one of this run before
        making another. Where the remembered entry is no longer there, make a new one: as
        `remote["id"]` then differs, the follower sends everything from the start.

        Args:
            record: the run's `record.json`.
        Raises:
            ValueError: the settings (an address, a token) can't work; one line with the fix.
        """

    @abstractmethod
    def log(self, records: list[dict[str, Any]]) -> None:
        """Send records of the journal, in order, at most about 1 MiB of them.

        Args:
            records: each `{"time": unix seconds, "step": int, "epoch": int, "metrics": {...}}`, the
                metrics as `{name: float}`, NaN and infinity included. A name's steps only rise.
        """

    @abstractmethod
    def upload(self, path: Path) -> None:
        """Send one file of the run directory, in place of an older one of the same name.

        Called once per content for `record.json`, `code.patch`, `requirements.lock`, the manifest
        of the data and `figures/**` as they appear, for `outcome.json` at the end, and after
        `close` for the checkpoints that `--upload` asks for. `path` is absolute, below `run_dir`.
        """

    @abstractmethod
    def close(self, outcome: dict[str, Any] | None) -> None:
        """Mark the run's end in the service, after all else was sent.

        Args:
            outcome: the run's `outcome.json`; None if the training process died without one.
        """

    def delete(self, record: dict[str, Any]) -> str | None:
        """Delete the entry in `remote`, without `open` before; one that is gone already is none.

        Args:
            record: the run's `record.json`.
        Returns:
            What became of it, in a line; None if this tracker can't.
        Raises:
            ValueError: the settings lead to another service than the one that has the entry.
        """
        return None

    @abstractmethod
    def where(self) -> str:
        """One line that tells a person where to look, without credentials; valid after `open`."""

    def release(self) -> None:
        """Let go of connections, threads and files; the entry in the service stays as it is.

        Always the last call, also after an error, and after a run that still trains was caught up.
        """
