"""Points straight into the embedded store, at a fraction of their cost through MLflow's client.

The follower shares the training machine's cores, so what a point costs is taken from training.
"""

import math
import sys
from collections.abc import Iterable
from pathlib import Path

from project.tracking.mlflow.store import transaction

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


def add_points(path: Path, run_id: str, points: Iterable[tuple[str, int, int, float]]) -> None:
    """Add points to a run of an MLflow store in SQLite, whose tables are there: all, or none.

    Args:
        path: of the store.
        run_id: MLflow's.
        points: name, step, unix milliseconds, value.
    Raises:
        LookupError: the run was deleted.
        sqlite3.Error: the store can't be written.
    """
    rows = [_row(run_id, *point) for point in points]
    latest: dict[str, Row] = {}
    for row in rows:
        latest[row[0]] = max(row, latest.get(row[0], row))
    with transaction(path) as database:
        if database.execute(ACTIVE, [run_id]).fetchone() == (0,):
            raise LookupError(f"run {run_id} was deleted from the store")
        database.executemany(INSERT, rows)
        database.executemany(SHOW, latest.values())


def _row(run_id: str, name: str, step: int, timestamp: int, value: float) -> Row:
    # What MLflow makes of values that a database does not take.
    if math.isnan(value):
        return name, step, timestamp, 0.0, True, run_id
    largest = sys.float_info.max
    return name, step, timestamp, min(max(value, -largest), largest), False, run_id
