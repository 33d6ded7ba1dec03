"""Neptune as a tracker: a run's flags, curves, code, data and files through the `neptune` client.

Laid out like Lightning's former NeptuneLogger, which only raises since Lightning 2.6: flags under
`training/hyperparams`, curves under `training/<metric>`, the model under `training/model` with its
best checkpoint, which is uploaded at the end. The Lightning `Logger` of this project is
`_logger.RunLogger`: it writes the journal, and this tracker follows the journal in a process of its
own, so nothing here ever runs beside the training loop.

The run's directory is the only queue. Each call waits until the server has acknowledged the data,
or in offline mode until the client has written it. After an error all that was not acknowledged is
sent again with the same steps and timestamps, which a Neptune server takes as the same points. The
client's own log, which kill -9 can cut short, thus holds nothing that matters, and is cleared away.

Without NEPTUNE_API_TOKEN, or in mode offline, the client writes below `<run>/.neptune`. To send it
later, `python -m project.sync RUN --tracker neptune` with a token sends everything from the start,
out of the directory. The client's `neptune sync --path RUN` works too (it needs setuptools<81), but
it makes an entry that no later sync knows.

Neptune has no NaN or infinity, and the client drops them: such a point stands, with its step and
time, in the string series `training/<metric>_non_finite` as "nan", "inf" or "-inf".
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from project import run_directory
from project.cli.shell import command
from project.tracking.best import best_records
from project.tracking.neptune import layout, settings
from project.tracking.neptune.client import client, plain_errors, reach
from project.tracking.tracker import Tracker

if TYPE_CHECKING:
    import neptune

POINTS_AT_ONCE = 10_000
# A server that is well takes at least so many bytes a second.
SLOWEST = 100_000
# What the client would collect by itself is off: the record has it, with credentials removed.
NOTHING_UNASKED = {
    "source_files": [],
    "git_ref": False,
    "capture_stdout": False,
    "capture_stderr": False,
    "capture_hardware_metrics": False,
    "capture_traceback": False,
    "fail_on_exception": False,
}


def build(run_dir: Path, remote: dict[str, Any]) -> NeptuneTracker:
    """A tracker for the server of NEPTUNE_API_TOKEN, or an offline one where there is no token.

    Raises:
        ValueError: the token is not one or would travel unencrypted, NEPTUNE_PROJECT is missing,
            NEPTUNE_MODE asks for what can't be, or a timeout is not a number.
    """
    return NeptuneTracker(run_dir, remote)


def preload() -> None:
    """Import the client, unless its server is away.

    Raises:
        ConnectionError: it is.
    """
    if (server := settings.server()) is not None:
        reach(server)
    client()


class NeptuneTracker(Tracker):
    """One run in a Neptune project; our run id is its `custom_run_id`, so it is made only once."""

    name = "neptune"

    def __init__(self, run_dir: Path, remote: dict[str, Any]) -> None:
        super().__init__(run_dir, remote)
        self._server = settings.server()
        self._patience = settings.patience()
        self._data = run_dir / run_directory.NEPTUNE
        self._run: neptune.Run | None = None
        self._refused: list[Exception] = []
        self._ended = False
        self._has_best = False

    def open(self, record: dict[str, Any]) -> dict[str, Any]:
        _remove(self._data / ("async" if self._server else "offline"))
        self._run = self._start(record)
        if self._server:
            # Of what a server refuses, the client only writes a line to its log.
            self._run._op_processor._consumer._handle_errors = self._refused.extend
        # A run that goes on has no result, and no best; the client saw the follower's entry point.
        for stale in ("result", layout.BEST_SCORES, "source_code/entrypoint"):
            if self._run.exists(stale):
                self._run.pop(stale)
        self._assign(layout.described(record))
        # Online this names the server, the project and the entry; offline it is new each time.
        entry = self._run.get_url()
        if self.remote.get("id") != entry:
            self.remote = {"id": entry}
        return self.remote

    def log(self, records: list[dict[str, Any]]) -> None:
        points = [
            (name, float(value), record["step"], record["time"])
            for record in records
            for name, value in record["metrics"].items()
        ]
        for start in range(0, len(points), POINTS_AT_ONCE):
            end = start + POINTS_AT_ONCE
            for path, curve in layout.curves(points[start:end]).items():
                values, steps, times = zip(*curve)
                self._run[path].extend(values, steps=steps, timestamps=times)
            self._settle()

    def upload(self, path: Path) -> None:
        if self._has_best and path == run_directory.best(self.run_dir):
            return
        self._run[layout.path_of(path.relative_to(self.run_dir))].upload(str(path))
        self._settle(path.stat().st_size)

    def close(self, outcome: dict[str, Any] | None) -> None:
        self._upload_best(((outcome or {}).get("checkpoints") or {}).get(run_directory.BEST))
        self.log(best_records(outcome))
        self._assign(layout.concluded(outcome))
        self._ended = True

    def delete(self, record: dict[str, Any]) -> str:
        server, project, entry = layout.parts_of(self.remote["id"])
        if server != self._server:
            raise ValueError(f"it is on {server}: set NEPTUNE_API_TOKEN to a token of that server")
        reach(server)
        with plain_errors(server):
            client()
            import_module("neptune.management").trash_objects(project, entry)
        return f"{entry} is in the trash of {project} on {server}"

    def where(self) -> str:
        if self._server:
            return f"neptune: {self.remote['id']}"
        return (
            f"neptune: offline in {self._data}; with NEPTUNE_API_TOKEN and NEPTUNE_PROJECT set,"
            f" `{command('sync', str(self.run_dir), '--tracker', 'neptune')}` sends it"
        )

    def release(self) -> None:
        if self._run is not None:
            self._stop()
        if self._server:
            # After the end the server has all; before it, what the client held is sent again.
            _remove(self._data if self._ended else self._data / "async")

    def _start(self, record: dict[str, Any]) -> neptune.Run:
        # The client ignores a longer id with a mere warning, and each open would make another run.
        assert len(record["run_id"]) <= 36
        os.environ["NEPTUNE_DATA_DIRECTORY"] = str(self._data)
        if self._server and self._server.startswith("http:"):
            os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # only loopback gets here without https
        if self._server:
            reach(self._server)
        with plain_errors(self._server):
            return client().init_run(
                mode="async" if self._server else "offline",
                custom_run_id=record["run_id"],
                name=record["run_id"],
                description=record["description"],
                tags=layout.tags(record) or None,
                flush_period=0.1,
                **NOTHING_UNASKED,
            )

    def _assign(self, fields: Iterator[tuple[str, layout.Field]]) -> None:
        for path, value in fields:
            self._run[path] = value
        self._settle()

    def _upload_best(self, content: str | None) -> None:
        """Send the best checkpoint, unless the entry has one of this hash or it is gone by now."""
        path = run_directory.best(self.run_dir)
        if content not in (None, self.remote.get("best")) and path.exists():
            self.upload(path)
            self.remote["best"] = content
        self._has_best = content is not None and content == self.remote.get("best")

    def _settle(self, size: int = 0) -> None:
        """Wait until the server has acknowledged (offline: the disk has) all that was given.

        Args:
            size: bytes of the file that is part of it.
        """
        self._run.wait(disk_only=True)
        if not self._server:
            return
        # `run.wait()` is the public way to wait for a server, but has no end while it is down.
        processor, patience = self._run._op_processor, self._patience + size // SLOWEST
        end = time.monotonic() + patience
        while not processor._queue.wait_for_empty(1) and processor._consumer.is_alive():
            if time.monotonic() >= end:
                raise ConnectionError(f"{self._server} took no data for {patience} s")
        if self._refused or not processor._queue.is_empty():
            reason = self._refused[0] if self._refused else "its log tells why"
            raise OSError(f"{self._server} refuses what it was sent: {reason}")

    def _stop(self) -> None:
        if self._server:
            # All is settled or will be sent again, but `stop` alone would go on trying to send.
            sender = self._run._op_processor._consumer
            end = time.monotonic() + self._patience
            while sender.is_alive() and time.monotonic() < end:
                sender.interrupt()  # which a sender that is not just waiting would miss
                sender.join(0.1)
        self._run.stop(seconds=1)
        self._run = None


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
