"""The storage of sweeps: SQLite beside the runs, or PostgreSQL for workers on several machines."""

from project.search.storage.storage import Storage, open_storage

__all__ = ["Storage", "open_storage"]
