"""What the process of a reproduction says: its errors are kept; how far it is is shown."""

from __future__ import annotations

import re
from threading import Thread
from typing import IO

from project.cli.stage import stage

_EPOCH = re.compile(r"epoch \d+/\d+\b")
LAST = 5  # lines that are told of a process that ended without an error of ours


class Overheard:
    """Reads a process's standard error to its end, so that it never waits to be heard.

    Args:
        stream: of the process, which need not be a terminal's: lines come with a `\\n`.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._errors: list[str] = []
        self._last: list[str] = []
        self._thread = Thread(target=self._listen, args=(stream,), daemon=True)
        self._thread.start()

    def errors(self) -> list[str]:
        """What its errors say, or else its last lines, once it has ended."""
        self._thread.join()
        return self._errors or self._last

    def _listen(self, stream: IO[bytes]) -> None:
        stage("running it again")
        with stream:
            for line in stream:
                text = line.decode(errors="replace").rstrip()
                if text.startswith("error: "):
                    self._errors.append(text.removeprefix("error: "))
                elif found := _EPOCH.match(text):
                    stage(f"running it again, {found[0]} is over")
                if text:
                    self._last = [*self._last, text][-LAST:]
        stage("")
