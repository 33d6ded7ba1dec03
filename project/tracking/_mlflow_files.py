"""Where the files of a run in the embedded store are."""

import sqlite3
from contextlib import closing
from pathlib import Path

from project.tracking._mlflow_points import BUSY_SECONDS


def keep_files_in(store: Path, run_id: str, folder: Path) -> None:
    """Let MLflow keep the files of a run that has none yet in `folder`.

    MLflow has no call for it: a run takes its experiment's place, and that of an experiment made
    through a server is one that only the server's clients can write to.

    Args:
        store: the file of an MLflow store in SQLite.
        run_id: MLflow's.
        folder: absolute; it need not be there.
    Raises:
        sqlite3.Error: the store can't be written.
    """
    with closing(sqlite3.connect(store, timeout=BUSY_SECONDS)) as database, database:
        place = "UPDATE runs SET artifact_uri = ? WHERE run_uuid = ?"
        database.execute(place, [folder.as_uri(), run_id])
