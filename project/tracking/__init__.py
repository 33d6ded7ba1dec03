"""Where runs are shown to people: trackers, each fed from a run's directory by its own process."""

from typing import Any

from project.tracking.attached import Followers, ReadyFollowers
from project.tracking.choice import followed, is_served, load, resolve, usual
from project.tracking.tracker import Tracker

__all__ = [
    "ReadyFollowers",
    "Followers",
    "RunLogger",
    "Tracker",
    "followed",
    "is_served",
    "load",
    "resolve",
    "usual",
]


def __getattr__(name: str) -> Any:
    # Lightning takes seconds to import; flags are resolved, and followers run, without it.
    if name == "RunLogger":
        from project.tracking.logger import RunLogger

        return RunLogger
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
