"""The storage of sweeps: what all workers agree by; each method is one transaction of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import takewhile
from pathlib import Path
from threading import Lock
from typing import Any

from project.search.storage import jobs, sweeps
from project.search.storage.address import address, shown
from project.search.storage.database import Database
from project.search.storage.holding import Holding
from project.search.storage.opening import prepare
from project.search.storage.rows import facts_of, has_ended, trial_of
from project.search.values import TRIAL, Plain, Trial


def open_storage(
    place: str | Path, say: Callable[[str], None] = print, patience: float = 60.0
) -> Storage:
    """Open a storage; a file of SQLite is made where there is none.

    Args:
        place: a path, or `postgresql://USER:PASSWORD@HOST/DATABASE`.
        say: is told, in a line each, when the database is away, and when it is back; until then
            every method waits.
        patience: for how many seconds a server that doesn't answer is waited for now; later it is
            waited for however long it takes.

    Raises:
        ValueError: it can't be opened: no address, nobody answers there, another version.
        OSError: the file's folder can't be made, or its disk is full.
    """
    database = Database(address(place), say, patience)
    try:
        prepare(database)
    except BaseException:
        database.close()
        raise
    return Storage(database)


class Storage(Holding):
    """Sweeps, their jobs and workers; safe for threads and among processes, on any machine.

    All methods raise ValueError where the database refuses, or has no such sweep, and OSError
    where its disk is full.

    Attributes:
        shown: where it is, for people: without its password.
    """

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.shown = shown(database.url)
        self._lock = Lock()
        # Of each sweep and kind, the trials before the first that has not ended: they stay so.
        self._ended: dict[tuple[str, str], list[Trial]] = {}

    def __enter__(self) -> Storage:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close its connections; it can be used again all the same."""
        self._database.close()

    def create(self, name: str, spec: Mapping[str, Any]) -> None:
        """Begin a sweep, unless the same has been; `sweeps.GOALS` of the spec are its goals.

        Raises:
            ValueError: there is another one of this name; lines say what differs.
        """
        self._database.write(lambda c: sweeps.create(self._database, c, name, spec))

    def spec(self, name: str) -> dict[str, Any] | None:
        """What a sweep is, with its goals as they stand; None: there is none of this name."""
        return self._database.read(lambda c: sweeps.spec(c, name))

    def names(self) -> list[str]:
        """Of all sweeps, oldest first."""
        return self._database.read(sweeps.names)

    def set_goal(self, name: str, **goal: Any) -> None:
        """Let a sweep go further, `trials=60`; a goal never becomes less, see `sweeps.GOALS`."""
        sweep = self.id(name)
        self._database.write(lambda c: sweeps.set_goal(c, sweep, goal))

    def put(self, name: str, key: str, value: Any) -> None:
        """Note a fact (JSON), in place of a former one."""
        sweep = self.id(name)
        self._database.write(lambda c: sweeps.put(self._database, c, sweep, key, value))

    def get(self, name: str, key: str) -> Any:
        """A fact that was noted; None if it was not."""
        sweep = self.id(name)
        return self._database.read(lambda c: sweeps.get(c, sweep, key))

    def plan(
        self,
        name: str,
        kind: str,
        number: int,
        values: Mapping[str, Plain],
        facts: Mapping[str, Any] | None = None,
        retry_of: int | None = None,
    ) -> bool:
        """Let a job wait to be done; whether it was not there.

        Raises:
            ValueError: it is there with other values, though both retry the same, or neither does.
        """
        what = self.id(name), kind, number, values, facts or {}, retry_of
        return self._database.write(lambda c: jobs.plan(self._database, c, *what))

    def trials(self, name: str, kind: str = TRIAL) -> list[Trial]:
        """Those of a kind, by number, in all states."""
        sweep = self.id(name)
        known = self._ended.get((sweep, kind), [])
        rows = self._database.read(lambda c: jobs.rows(c, sweep, kind, len(known)))
        fresh = [*map(trial_of, rows)]
        found = [*known, *fresh]
        n = len(known) + sum(1 for _ in takewhile(has_ended, fresh))
        with self._lock:
            if n > len(self._ended.get((sweep, kind), [])):
                self._ended[sweep, kind] = found[:n]
        return found

    def jobs(self, name: str, kind: str) -> list[tuple[Trial, dict[str, Any]]]:
        """Those of a kind, by number, in all states, with their facts."""
        sweep = self.id(name)
        rows = self._database.read(lambda c: jobs.rows(c, sweep, kind))
        return [(trial_of(row), facts_of(row)) for row in rows]

    def busy(self, name: str) -> float:
        """The seconds of wall time in which at least one job of any kind ran that has ended."""
        sweep = self.id(name)
        return self._database.read(lambda c: jobs.busy(c, sweep))

    def mirror(self, name: str) -> None:
        """Let Optuna's own tables in this database have all trials before the first not ended.

        Raises:
            ValueError: they are of another version, or a study of this name is another's.
        """
        from project.search.storage.mirror import mirror  # loads Optuna

        spec = self.spec(name)
        assert spec is not None, name
        mirror(self._database, self.id(name), name, spec)
