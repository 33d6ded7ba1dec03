"""`--notify-every`: when a message on the way is due, by minutes or by epochs."""

import re
from pathlib import Path

from project.run_directory import JOURNAL
from project.tracking.records import read

_UNITS = {"min": 60.0, "h": 3600.0}
_LOOK_SECONDS = 5.0


class Every:
    """Looks into a run's journal for how far it is.

    Attributes:
        look_seconds: how long to wait before the next look.
    """

    def __init__(self, n: int, unit: str) -> None:
        self.look_seconds = n * _UNITS[unit] if unit in _UNITS else _LOOK_SECONDS
        self._epochs = None if unit in _UNITS else n
        self._position, self._epoch, self._told = 0, 0, 0

    @classmethod
    def read(cls, text: str | None) -> "Every | None":
        """Of `30min`, `2h`, `10epochs`; None of None."""
        if text is None:
            return None
        match = re.fullmatch(r"(\d+)(min|h|epochs?)", text)
        assert match
        return cls(int(match[1]), match[2].removesuffix("s"))

    def due(self, run: Path) -> int | None:
        """The epoch that a message is due of, counted from 1; None where none is."""
        self._go_on(run)
        if self._epochs is None:
            return self._epoch
        if self._epoch < self._told + self._epochs:
            return None
        self._told = self._epoch - self._epoch % self._epochs
        return self._epoch

    def _go_on(self, run: Path) -> None:
        """Read what was logged since: with each validation an epoch has ended."""
        while (run / JOURNAL).exists():
            records, self._position = read(run / JOURNAL, self._position)
            if not records:
                return
            ended = [r["epoch"] + 1 for r in records if any(k[:4] == "val_" for k in r["metrics"])]
            self._epoch = max([self._epoch, *ended])
