"""TensorBoard as a tracker: event files in `<run>/tensorboard`.

They are a copy of what the run's directory holds, and quick to write. So each follower starts the
copy anew: an event file can't be taken up where a killed process left it without points standing
twice.
"""

from __future__ import annotations

import shlex
import shutil
import struct
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from project.cli.shell import python
from project.plugs import flat
from project.run_directory import TENSORBOARD
from project.tracking.tracker import Tracker

if TYPE_CHECKING:
    from tensorboard.compat.proto.summary_pb2 import Summary


def build(run_dir: Path, remote: dict[str, Any]) -> TensorBoardTracker:
    """A tracker that writes below the run's directory."""
    return TensorBoardTracker(run_dir, remote)


class TensorBoardTracker(Tracker):
    """One event file: curves, the flags as text, figures as images."""

    name = "tensorboard"
    takes_checkpoints = False
    _file: IO[bytes] | None = None

    def open(self, record: dict[str, Any]) -> dict[str, Any]:
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.summary.writer.record_writer import RecordWriter

        folder = self.run_dir / TENSORBOARD
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        now = time.time()
        self._file = open(folder / f"events.out.tfevents.{int(now)}.{record['run_id']}", "wb")
        self._writer = RecordWriter(self._file)
        self._writer.write(Event(wall_time=now, file_version="brain.Event:2").SerializeToString())
        self._last = now, 0
        rows = [f"| {key} | {value} |" for key, value in flat(record["flags"]).items()]
        self._write(_text("flags", "\n".join(["| flag | value |", "|---|---|", *rows])))
        self._file.flush()
        self.remote = {"id": str(now)}
        return self.remote

    def log(self, records: list[dict[str, Any]]) -> None:
        from tensorboard.compat.proto.summary_pb2 import Summary

        for record in records:
            self._last = record["time"], record["step"]
            metrics = record["metrics"].items()
            values = [Summary.Value(tag=name, simple_value=value) for name, value in metrics]
            self._write(Summary(value=values))
        self._file.flush()

    def upload(self, path: Path) -> None:
        """Figures and the two JSON files; a viewer of curves has no use for the others."""
        name = path.relative_to(self.run_dir).with_suffix("").as_posix()
        if path.suffix == ".png":
            self._write(_image(name, path.read_bytes()))
        elif path.suffix == ".json":
            self._write(_text(name, f"```\n{path.read_text()}\n```"))
        self._file.flush()

    def close(self, outcome: dict[str, Any] | None) -> None:
        self._write(_text("status", "lost" if outcome is None else outcome["status"]))
        self._file.flush()

    def where(self) -> str:
        # The program of that name is on the path of an activated environment alone.
        words = [python(), "-m", "tensorboard.main", "--logdir", str(self.run_dir.parents[1])]
        return f"tensorboard: `{shlex.join(words)}`"

    def release(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _write(self, summary: Summary) -> None:
        from tensorboard.compat.proto.event_pb2 import Event

        moment, step = self._last
        event = Event(wall_time=moment, step=step, summary=summary)
        self._writer.write(event.SerializeToString())


def _text(tag: str, text: str) -> Summary:
    from tensorboard.plugins.text.summary_v2 import text_pb

    return text_pb(tag, text)


def _image(tag: str, png: bytes) -> Summary:
    from tensorboard.compat.proto.summary_pb2 import Summary

    # A PNG file's first chunk, behind 16 bytes, begins with its width and height.
    width, height = struct.unpack(">II", png[16:24])
    image = Summary.Image(width=width, height=height, colorspace=4, encoded_image_string=png)
    return Summary(value=[Summary.Value(tag=tag, image=image)])
