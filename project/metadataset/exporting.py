"""The tables as Parquet files, for pandas and all that reads such files."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from project.files import json_text
from project.metadataset.index import Index
from project.metadataset.tables import EXPERIMENT, TABLES
from project.run_directory import is_run
from project.tables.parquet import Column, write_columns

EMBEDDING = "hyperparameters_embedding"


def check_folder(folder: Path) -> None:
    """Refuse, before anything is written, a folder that can't hold the files.

    Raises:
        ValueError: it is a file, would be in none, or is of a run.
    """
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"--parquet {str(folder)!r} is a file: give a folder")
    if not folder.absolute().parent.is_dir():
        raise ValueError(f"--parquet {str(folder)!r}: {str(folder.parent)!r} is no folder")
    if any(is_run(each) for each in (folder.absolute(), *folder.absolute().parents[:2])):
        raise ValueError(f"--parquet {str(folder)!r} is in a run's directory, which stays as it is")


def write_all(index: Index, folder: Path) -> list[Path]:
    """Write a file for each table, and one of the vectors of all settings; returns them.

    A list of values is one text of JSON; what a row lacks is null.

    Raises:
        OSError: they can't be written, or the disk is full.
    """
    folder.mkdir(exist_ok=True)
    try:
        return _write_tables(index, folder)
    except OSError:
        with suppress(OSError):  # it holds something
            folder.rmdir()
        raise


def _write_tables(index: Index, folder: Path) -> list[Path]:
    written = []
    for table in TABLES:
        rows = index.rows(table)
        names = dict.fromkeys(name for row in rows for name in row)
        columns = {name: column([row.get(name) for row in rows]) for name in names}
        written.append(folder / f"{table}.parquet")
        write_columns(written[-1], columns, {"table": table, "a row is": TABLES[table]})
    written.append(folder / f"{EMBEDDING}.parquet")
    _write_vectors(index, written[-1])
    return written


def column(values: Sequence[Any]) -> Column:
    """The values of a column as one kind: numbers, truths, or texts, each of which may be None."""
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {bool} or kinds <= {int} or kinds <= {int, float}:
        return [float(v) if v is not None and float in kinds else v for v in values]
    return [v if v is None or isinstance(v, str) else json_text(v).strip() for v in values]


def _write_vectors(index: Index, path: Path) -> None:
    """The vectors of all settings, with a column for each place in any space; 0 in other spaces."""
    from project.metadataset.embedding import HyperparametersEmbedding
    from project.metadataset.ranges import axes_of

    space_of = {
        row["hyperparameters_id"]: row["hyperparameter_space_id"] for row in index.rows(EXPERIMENT)
    }
    axes = {}
    for space in index.rows("hyperparameter_space"):
        axes |= {axis.name: axis for axis in axes_of(space)}
    embedding, settings = HyperparametersEmbedding(axes.values()), index.rows("hyperparameters")
    vectors = embedding(settings)
    columns: dict[str, Column] = {"hyperparameters_id": [row["id"] for row in settings]}
    columns["hyperparameter_space_id"] = [space_of[row["id"]] for row in settings]
    columns |= dict(zip(embedding.columns, vectors.T, strict=True))
    write_columns(path, columns, {"table": EMBEDDING, "a row is": "the vector of a setting"})
