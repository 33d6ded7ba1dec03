"""Points straight into the embedded store, at a fraction of their cost through MLflow's client.

The follower shares the training machine's cores, so what a point costs is taken from training.
"""

import math
import sqlite3
import sys
from collections.abc import Iterable
from pathlib import Path

# Other runs write into the same file.
BUSY_SECONDS = 60.0
ACTIVE = "SELECT count(*) FROM runs WHERE run_uuid = ? AND lifecycle_stage = 'active'"
# A row that is there already is the same point, sent again.
INSERT = (
    "INSERT OR IGNORE INTO metrics (key, step, timestamp, value, is_nan, run_uuid)"
    " VALUES (?, ?, ?, ?, ?, ?)"
)
# MLflow's order: by step, time and value.
SHOW = (
    "INSERT INTO latest_metrics (key, step, timestamp, value, is_nan, run_uuid)"
    " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (key, run_uuid) DO UPDATE SET step = excluded.step,"
    " timestamp = excluded.timestamp, value = excluded.value, is_nan = excluded.is_nan"
    " WHERE (excluded.step, excluded.timestamp, excluded.value) > (step, timestamp, value)"
)
Row = tuple[str, int, int, float, bool, str]


class Points:
    """Writes points of one run of an MLflow store in SQLite, whose tables are there.

    Args:
        path: of the store.
        run_id: MLflow's.
    """

    def __init__(self, path: Path, run_id: str) -> None:
        self._database = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        self._run_id = run_id

    def add(self, points: Iterable[tuple[str, int, int, float]]) -> None:
        """Add all points (name, step, unix milliseconds, value), or none of them.

        Raises:
            LookupError: the run was deleted.
            sqlite3.Error: the store can't be written.
        """
        rows = [self._row(*point) for point in points]
        latest: dict[str, Row] = {}
        for row in rows:
            latest[row[0]] = max(row, latest.get(row[0], row))
        database = self._database
        with database:
            database.execute("BEGIN IMMEDIATE")
            if database.execute(ACTIVE, [self._run_id]).fetchone() == (0,):
                raise LookupError(f"run {self._run_id} was deleted from the store")
            database.executemany(INSERT, rows)
            database.executemany(SHOW, latest.values())

    def close(self) -> None:
        """Let go of the store."""
        self._database.close()

    def _row(self, name: str, step: int, timestamp: int, value: float) -> Row:
        # What MLflow makes of values that a database does not take.
        if math.isnan(value):
            return name, step, timestamp, 0.0, True, self._run_id
        largest = sys.float_info.max
        return name, step, timestamp, min(max(value, -largest), largest), False, self._run_id
