"""A follower: brings one tracker up to date with one run's directory, each thing exactly once."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO

from blake3 import blake3

from project.files import read_json, try_lock
from project.run_directory import (
    FIGURES,
    JOURNAL,
    MANIFEST,
    OUTCOME,
    PATCH,
    PREDICTIONS,
    RECORD,
    REPRODUCTIONS,
    REQUIREMENTS,
    STAGES,
    TRACKING,
    lock_of,
)
from project.tracking import checkpoints
from project.tracking.choice import load
from project.tracking.records import read
from project.tracking.state import State
from project.tracking.tracker import Tracker

# Bytes a second; what is sent more slowly hangs.
SLOWEST = 100_000
FILES = (RECORD, PATCH, REQUIREMENTS, MANIFEST, STAGES, PREDICTIONS)
FOLDERS = (FIGURES, REPRODUCTIONS)


class Busy(ValueError):
    """Another process follows this run for this tracker."""


@dataclass
class Sent:
    """What one catching up sent: numbers of points, of files, and of the bytes of these."""

    points: int = 0
    files: int = 0
    bytes: int = field(default=0, compare=False)


class Follower:
    """Sends one run to one tracker; a context manager that holds the lock on that pair.

    Attributes:
        state: how far it came.
        progress: `time.monotonic()` when the tracker last took something, or the lock was taken.
    """

    def __init__(self, run_dir: Path, name: str, wait: bool = False) -> None:
        """Take the lock.

        Args:
            run_dir: the run's directory.
            name: of the tracker.
            wait: until another follower of the two has ended; otherwise that is an error.
        Raises:
            Busy: another process is at it.
            ValueError: there is no such tracker, or the state is damaged.
            OSError: the directory can't be written.
        """
        self.run_dir, self.name = run_dir.resolve(), name
        self._plug = load(name)
        (self.run_dir / TRACKING).mkdir(exist_ok=True)
        self._lock = _take_lock(lock_of(self.run_dir, name), wait)
        if self._lock is None:
            raise Busy(f"{name}: another process is sending {run_dir.name} just now")
        try:
            self.state = State.load(self.run_dir, name)
        except ValueError:
            self._lock.close()
            raise
        self.state.error = None
        self._saved: State | None = None
        self._tracker: Tracker | None = None
        self._seen: dict[Path, tuple[int, int]] = {}
        self._save()

    def catch_up(self, ended: bool) -> Sent:
        """Send all that was not sent yet; once the run has ended, its outcome and its end too.

        Raises:
            ValueError: the tracker's settings can't work, or the run's files are damaged.
            Exception: whatever the tracker raises; what came through until then is remembered.
        """
        sent = Sent()
        if self._tracker is None:
            self._open()
        self._send_records(sent)
        for path in self._files(ended):
            self._send_file(path, sent)
        if ended:
            outcome = self.run_dir / OUTCOME
            self._tracker.close(read_json(outcome) if outcome.exists() else None)
            self.state.closed = _ending(self.run_dir)
            self._send_checkpoints(sent)
        self.state.error = None
        self._remember()
        return sent

    def failed(self, reason: str) -> None:
        """Note for people why it does not work, and let go of the tracker, to begin anew later."""
        self.state.error = reason
        self._save()
        self._release()

    def _open(self) -> None:
        self._tracker = self._plug.build(self.run_dir, dict(self.state.remote))
        remote = self._tracker.open(read_json(self.run_dir / RECORD))
        self._tracker.remote = remote
        if remote["id"] != self.state.remote.get("id"):
            self.state = State()
        self.state.closed, self.state.where = None, self._tracker.where()
        self._remember()

    def _send_records(self, sent: Sent) -> None:
        journal = self.run_dir / JOURNAL
        while journal.exists():
            records, position = read(journal, self.state.position)
            if not records:
                return
            self._tracker.log(records)
            n = sum(len(record["metrics"]) for record in records)
            self.state.position = position
            self.state.points += n
            sent.points += n
            self._remember()

    def _send_checkpoints(self, sent: Sent) -> None:
        """Those that are asked for, after the end: the run is seen to be over while they go."""
        if not getattr(self._tracker, "takes_checkpoints", True):
            return
        self._remember()
        for path in checkpoints.wanted(self.run_dir):
            # It is no hang as long as so many bytes may still be on their way.
            self.progress = time.monotonic() + path.stat().st_size / SLOWEST
            self._send_file(path, sent)

    def _files(self, ended: bool) -> Iterator[Path]:
        names = (*FILES, OUTCOME) if ended else FILES
        yield from (self.run_dir / name for name in names if (self.run_dir / name).exists())
        for folder in FOLDERS:
            # A name that starts with a dot is that of a file which is still being written.
            found = (self.run_dir / folder).rglob("[!.]*")
            yield from sorted(path for path in found if path.is_file())

    def _send_file(self, path: Path, sent: Sent) -> None:
        stat = path.stat()
        signature = (stat.st_mtime_ns, stat.st_size)
        if self._seen.get(path) == signature:
            return
        name, content = _name(path, self.run_dir), _hash(path)
        if self.state.files.get(name) != content:
            self._tracker.upload(path)
            self.state.files[name] = content
            sent.files += 1
            sent.bytes += stat.st_size
            self._remember()
        self._seen[path] = signature

    def _remember(self) -> None:
        self.progress = time.monotonic()
        self.state.remote = dict(self._tracker.remote)
        self._save()

    def _save(self) -> None:
        # Each write waits for the disk; a run that logs nothing shall cost nothing.
        if self.state != self._saved:
            self.state.save(self.run_dir, self.name)
            self._saved = copy.deepcopy(self.state)

    def _release(self) -> None:
        tracker, self._tracker, self._seen = self._tracker, None, {}
        if tracker is not None:
            tracker.release()

    def __enter__(self) -> Follower:
        self.progress = time.monotonic()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._release()
        finally:
            self._lock.close()


def is_current(run_dir: Path, name: str) -> bool:
    """Whether an ended run is all in a tracker, as far as is remembered; it is not asked."""
    state, journal = State.load(run_dir, name), run_dir / JOURNAL
    if state.offline:
        return False
    size = journal.stat().st_size if journal.exists() else 0
    if state.closed != _ending(run_dir) or state.position < size:
        return False
    return _has_checkpoints(run_dir, name, state)


def _has_checkpoints(run_dir: Path, name: str, state: State) -> bool:
    try:
        wanted = checkpoints.wanted(run_dir)
    except (ValueError, OSError):
        return True  # sending would tell what is wrong, of a run that nobody asked for
    left = [path for path in wanted if _name(path, run_dir) not in state.files]
    return not left or not checkpoints.takes(name)


def _name(path: Path, run_dir: Path) -> str:
    return path.relative_to(run_dir).as_posix()


def _take_lock(path: Path, wait: bool) -> IO[str] | None:
    while (lock := try_lock(path)) is None and wait:
        time.sleep(0.2)
    return lock


def _ending(run_dir: Path) -> str:
    outcome = run_dir / OUTCOME
    return _hash(outcome) if outcome.exists() else "lost"


def _hash(path: Path) -> str:
    return blake3().update_mmap(path).hexdigest()
