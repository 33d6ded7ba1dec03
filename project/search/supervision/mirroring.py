"""Optuna's own tables have each trial that ended; a sweep does without where that can't be."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from project.search.storage import Storage


class Mirroring:
    """Keeps a sweep's study up to date, until it can't; that is said once."""

    def __init__(self, storage: "Storage", name: str) -> None:
        self._storage, self._name = storage, name
        self._can = True

    def __call__(self) -> None:
        """Add what has ended."""
        if not self._can:
            return
        try:
            self._storage.mirror(self._name)
        except ValueError as error:  # a study of this name that is another's, another Optuna's
            self._can = False
            print(f"note: Optuna's own tables are not kept: {error}", file=sys.stderr, flush=True)
