"""The same points through MLflow's client and by `add_points`, in a process of its own.

Prints, as JSON, the rows that each has made in both tables, and what became of a deleted run's.
"""

import json
import math
import sqlite3
import sys
from pathlib import Path

from project.tracking.mlflow.points import add_points
from project.tracking.mlflow.store import embedded_store, open_client

# Name, step, milliseconds, value; a batch each. NaN, infinities, a batch that comes again, and
# points of which none is the latest, or several could be.
POINTS = [
    [("loss", 1, 10, 0.5), ("loss", 2, 20, math.nan), ("a/b", 1, 10, math.inf)],
    [("loss", 1, 10, 0.5), ("loss", 2, 20, math.nan), ("a/b", 1, 10, math.inf)],
    [("a/b", 0, 30, 7.0), ("low", 3, 5, -math.inf), ("low", 3, 5, 1.0), ("low", 3, 4, 9.0)],
    [("loss", 2, 20, 0.25), ("late", 5, 1, -0.5), ("late", 4, 2, 2.0), ("late", 5, 1, -2.0)],
    [],
]


def main(folder: Path) -> None:
    from mlflow.entities import Metric

    client = open_client(embedded_store(folder))
    theirs, ours = (client.create_run("0").info.run_id for _ in range(2))
    store = folder / "mlflow.db"
    for batch in POINTS:
        metrics = [Metric(name, value, time, step) for name, step, time, value in batch]
        client.log_batch(theirs, metrics=metrics)
        add_points(store, ours, batch)
    found = {"theirs": rows(folder, theirs), "ours": rows(folder, ours)}
    client.delete_run(ours)
    try:
        add_points(store, ours, [("loss", 9, 90, 0.1)])
    except LookupError as error:
        found["deleted"] = str(error).replace(ours, "RUN")
    found["after"] = rows(folder, ours)
    print(json.dumps(found))


def rows(folder: Path, run_id: str) -> dict[str, list]:
    database = sqlite3.connect(folder / "mlflow.db")
    return {
        table: database.execute(
            f"SELECT key, step, timestamp, value, is_nan FROM {table} WHERE run_uuid = ?"
            " ORDER BY key, step, timestamp, value",
            [run_id],
        ).fetchall()
        for table in ("metrics", "latest_metrics")
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
