"""The flags that a model was made with, as far as using it needs them; from its checkpoint."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from project import plugs
from project.hyperparameters import BY_NAME, Hyperparameters, section_of
from project.plugs.serving import USUAL, like, served
from project.provenance.recorded_flags import read_flags
from project.training.checkpoint_contents import task_name

_SECTIONS = ("data", "model")
# Of others, what the arithmetic and the random numbers of a forward pass depend on.
_MORE = ("precision", "deterministic", "seed")


def settings_of(state: Mapping[str, Any], path: Path) -> Hyperparameters:
    """The flags of data and model, the task among them, and no file of a loss, metric or tracker.

    Args:
        state: a checkpoint.
        path: of its file.

    Raises:
        ValueError: they are none that there are now, or choose a model or task that is not here.
    """
    values = state["hyperparameters"]
    kept = {k: v for k, v in values.items() if section_of(k) in _SECTIONS or k in _MORE}
    # The weights come from the checkpoint; nothing is downloaded, and nothing loaded to begin from.
    kept |= {"task": task_name(state), "pretrained": False, "checkpoint": None}
    kept |= _some_loss(kept["task"])
    data = kept.get("data")
    there = _is_there("data", data)
    if not there:
        del kept["data"]
    own = values.get("plugs")
    if isinstance(own, Mapping):
        chosen = plugs.chosen(kept)
        names = {name for kind in ("data", "task", "model") for name in chosen[kind]}
        # Arguments of objects, and texts of files, go by the whole that was chosen.
        kept["plugs"] = {text: own[text] for text in own if text.partition(":")[0] in names}
    hparams = read_flags(path, kept)
    if not there:
        # Its file is not needed, and which data these were stays true.
        vars(hparams)["data"] = data
    return hparams


def _some_loss(task: str) -> dict[str, list[str]]:
    """A loss that serves the task, where the usual one may not; nothing depends on it."""
    if not _is_there("task", task):
        return {}
    tasks = {task, *like(task, "loss")}
    able = [name for name in plugs.names("loss") if tasks & {*(served("loss", name) or (USUAL,))}]
    return {"loss": able[:1]} if able else {}


def _is_there(kind: str, text: Any) -> bool:
    """Whether what was chosen can be found here."""
    try:
        plugs.find(kind, str(text or BY_NAME[kind].default))
    except (ValueError, OSError):
        return False
    return True
