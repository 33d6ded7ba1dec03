"""What happens around training, one file per concern; and those that watch it, by name."""

from typing import Any

from pytorch_lightning import Callback

from project import plugs


def watching(hparams: Any) -> list[Callback]:
    """The callbacks `hparams.callback`: `build` of their file is called, or `MODULE:NAME`.

    `NAME` is a function of `hparams`, or a class of `Callback` that takes `hparams` or nothing.

    Raises:
        ValueError: there is no such callback, or what it gives is none.
    """
    return [_one(text, hparams) for text in dict.fromkeys(hparams.callback)]


def _one(text: str, hparams: Any) -> Callback:
    found = plugs.load("callback", text)
    if not plugs.find("callback", text).outside:
        found = found.build
    is_class = isinstance(found, type)
    callback = found() if is_class and not plugs.takes(found, "hparams") else found(hparams)
    if not isinstance(callback, Callback):
        raise ValueError(f"--callback {text!r} gives {type(callback).__name__}, no Callback")
    return callback
