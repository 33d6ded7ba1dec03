"""Where the embedded store says that files are: below the folder it is in, wherever that is moved.

MLflow keeps absolute locations. Those of files that lie beside the store, in `mlflow-artifacts`,
are written anew when the store is opened in another folder than before.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from project.files import linked
from project.run_directory import MLFLOW_FILES

# Below that: an experiment's folder; in it, those of a run, a model or a trace.
_LOCATION = re.compile(
    rf"(?:file://)?/.*/{MLFLOW_FILES}/(?P<rest>[^/]+"
    r"(?:/(?:[0-9a-f]{32}|models/m-[0-9a-f]{32}|traces/tr-[0-9a-f]+)/artifacts(?:/.*)?)?)"
)
# Table and column; a store that an older MLflow made lacks the last ones.
_COLUMNS = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
    ("trace_tags", "value"),
)


def now_at(uri: str, folder: Path) -> str:
    """Where the files that a store calls `uri` are now that it is in `folder`.

    The same, if it never was beside the store: its files are still there, and none are here.
    """
    found = _LOCATION.fullmatch(uri)
    if found is None:
        return uri
    rest = found["rest"] if uri.startswith("file:") else quote(found["rest"])
    now = f"{folder.as_uri()}/{MLFLOW_FILES}/{rest}"
    then_path, now_path = local_path(uri), local_path(now)
    # A former location may be one that may not even be looked at.
    stays = os.path.exists(then_path) and not os.path.exists(now_path)
    return uri if stays or then_path == now_path else now


def local_path(uri: str) -> Path:
    """The path of a location on this machine."""
    return Path(unquote(urlsplit(uri).path) if uri.startswith("file:") else uri)


def stored_once(path: Path, uri: str, folder: str | None) -> bool:
    """Let an MLflow run have a file as an artifact without a copy, as another name of it.

    Neither the run, which only ever replaces its files, nor MLflow, which does likewise, changes
    the other's by that.

    Args:
        path: the file.
        uri: of the run's artifacts.
        folder: below that; None: there.
    Returns:
        Whether it could be done; otherwise a copy is needed.
    """
    if urlsplit(uri).scheme not in ("", "file"):
        return False
    target = local_path(uri) / (folder or "")
    target.mkdir(parents=True, exist_ok=True)
    return linked(path, target / path.name)


def outdated(database: sqlite3.Connection, folder: Path) -> Iterator[tuple[str, str, int, str]]:
    """Each location that is another now: table, column, row and the new one."""
    tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master")}
    here = f"{folder.as_uri()}/{MLFLOW_FILES}/"
    for table, column in _COLUMNS:
        known = table in tables and {
            name for (name,) in database.execute("SELECT name FROM pragma_table_info(?)", [table])
        }
        if not known or column not in known:
            continue
        query = (
            f"SELECT rowid, {column} FROM {table} WHERE instr({column}, ?) > 0"
            f" AND substr({column}, 1, ?) <> ?"
        )
        values = [f"/{MLFLOW_FILES}/", len(here), here]
        for row, then in database.execute(query, values).fetchall():
            if (now := now_at(then, folder)) != then:
                yield table, column, row, now


def correct(database: sqlite3.Connection, folder: Path) -> None:
    """Write all locations anew, in the transaction that `database` has begun."""
    for table, column, row, now in list(outdated(database, folder)):
        database.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", [now, row])
