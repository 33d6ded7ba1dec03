"""A data set that a process has loaded before it is forked, so that its forks need not."""

from collections.abc import Callable
from typing import Any

from project.data.samples import Raw
from project.hyperparameters import Hyperparameters

_kept: list[tuple[dict[str, Any], Raw]] = []


class _Asked:
    """Hyperparameters that notice which of them are asked for."""

    def __init__(self, hparams: Hyperparameters) -> None:
        self.__dict__["_of"], self.__dict__["asked"] = hparams, {}

    def __getattr__(self, name: str) -> Any:
        values = vars(self.__dict__["_of"])
        # What a method reads isn't seen.
        self.__dict__["asked"].update({name: values[name]} if name in values else values)
        return getattr(self.__dict__["_of"], name)

    @property
    def __class__(self) -> type:
        return Hyperparameters


def keep(hparams: Hyperparameters, load: Callable[[Hyperparameters], Raw]) -> None:
    """Load a data set, for all who ask for one with equal values of what its loading reads.

    Args:
        hparams: of any of them.
        load: what loads it.
    Raises:
        ValueError, OSError: as of `load`.
    """
    seen: Any = _Asked(hparams)
    raw = load(seen)
    _kept[:] = [(seen.asked, raw)]


def forget() -> None:
    """Let all load for themselves."""
    _kept.clear()


def find(hparams: Hyperparameters) -> Raw | None:
    """The data set that loading with these would give, if it was loaded before."""
    values = vars(hparams)
    fitting = (raw for asked, raw in _kept if all(values[n] == v for n, v in asked.items()))
    return next(fitting, None)
