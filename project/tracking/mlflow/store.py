"""The embedded store's file: made where it is missing, written past MLflow; and MLflow's client."""

from __future__ import annotations

import logging
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from project.files import lock
from project.run_directory import MLFLOW_FILES
from project.tracking.mlflow.locations import correct, outdated
from project.tracking.mlflow.settings import ENVIRONMENT, bounded, embedded_path, embedded_uri

if TYPE_CHECKING:
    from mlflow import MlflowClient

# How MLflow, and alembic below it, name the state of a store's tables that they don't expect.
REVISION = re.compile(r"found version (?!None)(\w+)|revision identified by '(\w+)'")
# Other runs write into the same file.
BUSY_SECONDS = 60.0


def embedded_store(exp_dir: Path) -> str:
    """The address of the store in `exp_dir`, which is made if it isn't there (about 2 s).

    Where the folder was moved, or copied, the locations of its files are corrected.

    Raises:
        OSError: the folder, or a store that was moved, can't be written.
        ValueError: what is there is no store.
    """
    path = embedded_path(exp_dir)
    if not path.exists():
        with lock(path.with_name(".mlflow.lock")):
            # Another process may have made it meanwhile.
            if not path.exists():
                _make_store(path)
    try:
        _check_store(path)
        _correct_locations(path)
    except sqlite3.OperationalError as error:
        must = "the store and its folder must be writable, once after each move at least"
        raise OSError(f"{path}: {error}; {must}") from error
    return embedded_uri(exp_dir)


def _check_store(path: Path) -> None:
    # Through SQLite: closing the file by itself would drop the locks this process has on it.
    with closing(sqlite3.connect(path)) as database:
        try:
            database.execute("PRAGMA schema_version")
        except sqlite3.DatabaseError as error:
            if "not a database" not in str(error):
                raise
            raise ValueError(f"{path} is no SQLite store; move it away and sync again") from error


def _correct_locations(path: Path) -> None:
    with closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as database:
        if next(outdated(database, path.parent), None) is None:
            return
    # Looked at once more: another process may have done it meanwhile.
    with transaction(path) as database:
        correct(database, path.parent)


def _make_store(path: Path) -> None:
    """Make the store under another name, so that nobody sees it half made."""
    quieten()
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    making = path.with_name(".mlflow.db")
    making.unlink(missing_ok=True)
    SqlAlchemyStore(f"sqlite:///{making}", str(path.parent / MLFLOW_FILES)).engine.dispose()
    with closing(sqlite3.connect(making)) as database:
        # Readers (the web page) and writers (other runs) then need not wait for each other.
        database.execute("PRAGMA journal_mode=WAL")
    making.replace(path)


@contextmanager
def transaction(path: Path) -> Iterator[sqlite3.Connection]:
    """Write into a store in SQLite, past MLflow: all that is done within, or nothing if it raises.

    Raises:
        sqlite3.Error: the store can't be written.
    """
    # The one ends the transaction, the other the connection.
    with (
        closing(sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)) as database,
        database,
    ):
        database.execute("BEGIN IMMEDIATE")
        yield database


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
    with transaction(store) as database:
        statement = "UPDATE runs SET artifact_uri = ? WHERE run_uuid = ?"
        database.execute(statement, [folder.as_uri(), run_id])


def open_client(uri: str) -> MlflowClient:
    """MLflow's client."""
    quieten()
    from mlflow import MlflowClient

    if not uri.startswith("http"):
        try_once()
    return MlflowClient(bounded(uri), bounded(uri))


def try_once() -> None:
    """Have MLflow report a database that it can't connect to, which it would try for minutes."""
    import mlflow.store.db.utils

    mlflow.store.db.utils.MAX_RETRY_COUNT = 1
    # It would show where each statement came from; what matters of it is raised as well.
    logging.getLogger(mlflow.store.db.utils.__name__).setLevel(logging.CRITICAL)


def advice(error: Exception) -> str | None:
    """What helps with a store whose tables are another MLflow's; None for other errors.

    MLflow itself advises `mlflow db upgrade` in either case.
    """
    found = REVISION.search(str(error))
    if found is None:
        return None
    import mlflow
    from alembic.script import ScriptDirectory
    from mlflow.store.db.utils import _get_alembic_config

    revision = found[1] or found[2]
    scripts = ScriptDirectory.from_config(_get_alembic_config(""))
    if revision in {script.revision for script in scripts.walk_revisions()}:
        return (
            f"its tables are of an older MLflow than {mlflow.__version__}, which is installed: back"
            " it up, and run `mlflow db upgrade` with its address"
        )
    return (
        f"its tables are of a newer MLflow than {mlflow.__version__}, which is installed"
        f" (revision {revision}): run `pip install --upgrade mlflow`"
    )


def quieten() -> None:
    """Import MLflow (1 s), without its chatter; what matters of it is raised as well."""
    for key, value in ENVIRONMENT.items():
        os.environ.setdefault(key, value)
    import mlflow

    for name in (mlflow.__name__, "alembic"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
