"""`metadata.db`: the tables over all runs of a folder, of which only what has changed is read anew.

It is made of the runs' own files and can be deleted at any time.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from project.comparison.loading import load, told
from project.metadataset import marks
from project.metadataset._layout import create, make_views
from project.metadataset.facts import Facts, facts
from project.metadataset.ranges import ranges
from project.metadataset.tables import EXPERIMENT, SHARED, facts_of, text_of
from project.run_directory import RECORD, is_run

# Runs that are read before what was found of them is kept: a killed process loses no more.
_AT_ONCE = 500


class Index:
    """The tables over all runs below a folder; use `opened`.

    Attributes:
        exp_dir: the folder of all experiments.
        file: that it is kept in; None: it is in memory alone.
    """

    def __init__(self, exp_dir: Path, database: sqlite3.Connection, file: Path | None) -> None:
        self.exp_dir, self.file, self._database = exp_dir, file, database

    def update(self) -> None:
        """Read the runs that are new or have changed, and forget those that are gone.

        Raises:
            sqlite3.OperationalError: the index can't be read or written.
            sqlite3.DatabaseError: it is damaged, or no index.
        """
        create(self._database)
        asked = self._database.execute("SELECT path, mark, status FROM run_")
        known = {path: (mark, state) for path, mark, state in asked}
        there, stale = set(), []
        for experiment, run_id in marks.runs_of(self.exp_dir):
            path = f"{experiment}/{run_id}"
            if (mark := marks.mark(f"{self.exp_dir}/{path}")) is not None:
                there.add(path)
                if not self._is_known(path, mark, known.get(path)):
                    stale.append((path, mark))
        for first in range(0, len(stale), _AT_ONCE):
            last = first + _AT_ONCE
            rows = [(path, mark, self._read(path)) for path, mark in stale[first:last]]
            with self._writing():
                for row in rows:
                    self._keep(*row)
        gone = known.keys() - there
        if stale or gone or self._are_ranges_old():
            with self._writing():
                self._tidy(gone)

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def problems(self) -> list[str]:
        """A line for each run that can't be read."""
        found = self._database.execute("SELECT problem FROM run_ WHERE problem IS NOT NULL")
        return sorted(problem for (problem,) in found)

    def count(self, table: str) -> int:
        """The rows of a table."""
        where = " WHERE facts IS NOT NULL" if table == EXPERIMENT else ""
        name = "run_" if table == EXPERIMENT else f"{table}_"
        return self._database.execute(f"SELECT count(*) FROM {name}{where}").fetchone()[0]

    def rows(self, table: str, *, classes: bool = False) -> list[dict[str, Any]]:
        """The rows of a table, newest run first, others in the order of their ids.

        Args:
            table: of `TABLES`.
            classes: whether a run's row has the scores of classes, too.
        Returns:
            Each with its `id` and how many `runs` share it; a run's with its `path` and the ids of
            what it shares, such as `task_id`.
        """
        if table != EXPERIMENT:
            found = self._database.execute(
                f"SELECT id, {table}_.facts, count(*) FROM {table}_ JOIN run_ ON id = {table}"
                " GROUP BY id ORDER BY id"
            )
            return [{"id": row_id, **facts_of(text), "runs": n} for row_id, text, n in found]
        columns = ", ".join(("classes" if classes else "'{}'", *SHARED))
        found = self._database.execute(
            f"SELECT path, facts, {columns} FROM run_ WHERE facts IS NOT NULL"
            " ORDER BY run_id DESC, path"
        )
        return [_row(*each) for each in found]

    def names(self, table: str) -> list[str]:
        """The names of all that rows of a table say, but for ids."""
        found = self._database.execute(
            f"SELECT DISTINCT key FROM {table}_ AS own, json_each(own.facts)"
        )
        return [name for (name,) in found]

    def _is_known(self, path: str, mark: str, known: tuple[str, str | None] | None) -> bool:
        if known is None or known[0] != mark:
            return False
        # One that could not be read can't be read now either.
        return known[1] is None or marks.is_settled(known[1], self.exp_dir / path)

    def _read(self, path: str) -> Facts | str | None:
        """What a run says, or why it can't be read; None if it is gone."""
        directory = self.exp_dir / path
        try:
            return facts(load(directory))
        except (ValueError, OSError) as error:
            return told(error, directory / RECORD) if is_run(directory) else None

    def _keep(self, path: str, mark: str, found: Facts | str | None) -> None:
        """Write a run's row, and those that it shares."""
        if not isinstance(found, Facts):
            if found is not None:
                row = (path, mark, found, *[None] * (4 + len(SHARED)))
                self._insert(row)
            return
        for table, (row_id, row) in found.shared.items():
            self._database.execute(
                f"INSERT OR IGNORE INTO {table}_ VALUES (?, ?)", (row_id, text_of(row))
            )
        own, state = found.experiment, found.experiment["status"]
        ids = [found.shared[table][0] for table in SHARED]
        texts = text_of(own), text_of(found.classes)
        self._insert((path, mark, None, own["run_id"], state, *texts, *ids))

    def _insert(self, row: tuple[str | None, ...]) -> None:
        self._database.execute(
            f"INSERT OR REPLACE INTO run_ VALUES ({', '.join('?' * len(row))})", row
        )

    def _tidy(self, gone: set[str]) -> None:
        """Forget runs, and what no run has any more; bring ranges and views up to date."""
        do = self._database.execute
        self._database.executemany("DELETE FROM run_ WHERE path = ?", [(path,) for path in gone])
        for table in SHARED:
            used = f"SELECT {table} FROM run_ WHERE {table} IS NOT NULL"
            do(f"DELETE FROM {table}_ WHERE id NOT IN ({used})")
        for row_id, text in self._old_ranges():
            do("UPDATE hyperparameter_space_ SET facts = ? WHERE id = ?", (text, row_id))
        make_views(self._database)

    def _are_ranges_old(self) -> bool:
        return any(True for _ in self._old_ranges())

    def _old_ranges(self) -> Iterator[tuple[str, str]]:
        """The spaces whose ranges are others in today's code, and what is to be said of them."""
        found = self._database.execute("SELECT id, facts FROM hyperparameter_space_").fetchall()
        for row_id, text in found:
            space = facts_of(text)
            if (new := text_of(space | {"ranges": ranges(space)})) != text:
                yield row_id, new

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """All of the block, or nothing; other processes wait."""
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._database.execute("COMMIT")
        except BaseException:
            if self._database.in_transaction:  # a full disk has ended it already
                self._database.execute("ROLLBACK")
            raise


def _row(path: str, facts: str, classes: str, *ids: str) -> dict[str, Any]:
    shared = {f"{name}_id": row_id for name, row_id in zip(SHARED, ids, strict=True)}
    return {"path": path, **facts_of(facts), **facts_of(classes), **shared}
