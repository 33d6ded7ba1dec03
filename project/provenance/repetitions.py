"""Which runs are reproductions, and of which run: their record's tags say so."""

from collections.abc import Collection, Mapping
from typing import Any

_TAG = "reproduces:"


def tag(run_id: str) -> str:
    """What a reproduction of the run is tagged with."""
    return f"{_TAG}{run_id}"


def original(record: Mapping[str, Any]) -> str | None:
    """The id of the run that a run reproduces; None if it is no reproduction."""
    tags = record.get("tags")
    # A reproduction of a reproduction has its original's tag, too; its own comes last.
    found = [text for text in reversed(_texts(tags)) if text.startswith(_TAG)]
    return found[0].removeprefix(_TAG) if found else None


def is_repeated(record: Mapping[str, Any], run_ids: Collection[str]) -> bool:
    """Whether a run only repeats one of these: then it is no result of its own beside it."""
    return original(record) in run_ids


def without_mark(tags: Collection[str]) -> list[str]:
    """Tags but for those of reproductions."""
    return [text for text in tags if not text.startswith(_TAG)]


def _texts(value: Any) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []
