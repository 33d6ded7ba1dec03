"""What happens around training, one file per concern; and those that watch it, by name."""

from collections.abc import Mapping
from typing import Any

from pytorch_lightning import Callback

from project import plugs
from project.cli.faults import fault
from project.plugs.handing import made
from project.training.hooks import StepCallback
from project.words.returned import if_none

__all__ = ["Callback", "StepCallback", "load", "watching"]


def load(hparams: Any) -> dict[str, Any]:
    """What makes each of the callbacks `hparams.callback`: their file's `build`, or `MODULE:NAME`.

    Raises:
        ValueError: there is no such callback, or it can't be imported.
    """
    return {text: plugs.entry("callback", text) for text in hparams.callback}


def watching(found: Mapping[str, Any], there: Mapping[str, Any]) -> list[Callback]:
    """The callbacks that watch a run.

    Args:
        found: what makes them, by what was chosen.
        there: what they may ask for, by name.

    Raises:
        ValueError: what is made is no callback, or asks for what there is not.
    """
    return [_one(text, plug, there) for text, plug in found.items()]


def _one(text: str, plug: Any, there: Mapping[str, Any]) -> Callback:
    callback = made("callback", text, plug, there)
    if not isinstance(callback, Callback):
        why = f"gives {type(callback).__name__}, no Callback{if_none(callback)}"
        raise fault("callback", text, why)
    return callback
