"""The record and the outcome of runs of this project, as their artifacts have them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from project.run_directory import OUTCOME, RECORD
from project.scores import FORMER, Ways
from project.server.api.context import Context
from project.server.compare import files
from project.server.compare.visible import Run
from project.server.errors import ApiError


@dataclass(frozen=True)
class Documents:
    """What a run wrote of itself; both are empty for a run of another program.

    Attributes:
        record, outcome: as JSON; anyone may have logged anything under these names.
    """

    record: dict[str, Any] = field(default_factory=dict)
    outcome: dict[str, Any] = field(default_factory=dict)

    @property
    def flags(self) -> dict[str, Any] | None:
        """Of a run of this project; None of others."""
        found = self.record.get("flags")
        return found if isinstance(found, dict) else None

    @property
    def ways(self) -> Ways | None:
        """Which way each score is better; None of runs of other programs."""
        if self.flags is None:
            return None
        found = self.record.get("scores")
        return found if isinstance(found, dict) else FORMER

    @property
    def scores(self) -> dict[str, float]:
        """Those of the best checkpoint, in validation and test; none before the run has ended."""
        best = self.outcome.get("best")
        parts = [best.get("metrics") if isinstance(best, dict) else None, self.outcome.get("test")]
        each = [item for part in parts if isinstance(part, dict) for item in part.items()]
        return {name: value for name, told in each if (value := _number(told)) is not None}


def read(context: Context, runs: Sequence[Run]) -> list[Documents]:
    """The documents of each run."""
    return [Documents(_json(context, run, RECORD), _json(context, run, OUTCOME)) for run in runs]


def _json(context: Context, run: Run, path: str) -> dict[str, Any]:
    try:
        return files.json_object(context.settings, run, path)
    except ApiError:
        return {}


def _number(value: Any) -> float | None:
    """A score; NaN and infinities are texts."""
    if value in ("nan", "inf", "-inf"):
        return float(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value) if abs(value) < 1e308 or not math.isfinite(value) else None
    return None
