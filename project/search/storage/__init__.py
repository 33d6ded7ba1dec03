"""The storage of sweeps: SQLite beside the runs, or PostgreSQL for workers on several machines."""

from project.search.storage.storage import Storage, open_storage
from project.search.storage.workers import Worker

__all__ = ["Storage", "Worker", "open_storage"]
