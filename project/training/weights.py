"""The weights in checkpoints: how they become a model's, and the hashes that tell them apart."""

from pathlib import Path
from typing import Any

from torch import Tensor, nn

from project.training import checkpoint
from project.training.digest import digest


def load_weights(model: nn.Module, state: dict[str, Any], path: Path) -> None:
    """Put a checkpoint's weights into `model`.

    Raises:
        ValueError: the weights are another model's; the message names the first difference.
    """
    weights, expected = state["model"], model.state_dict()
    for name in sorted(weights.keys() | expected.keys()):
        ours, theirs = _form(expected.get(name)), _form(weights.get(name))
        if ours != theirs:
            raise ValueError(
                f"{path} is of another model ({state['hyperparameters'].get('model')}): {name} is"
                f" {theirs} there and {ours} here; give the flags that it was trained with"
            )
    model.load_state_dict(weights)


def _form(tensor: Tensor | None) -> str:
    """The shape, and the kind of numbers where it is not the usual: torch would convert them."""
    if tensor is None:
        return "absent"
    kind = "complex " if tensor.is_complex() else "" if tensor.is_floating_point() else "integer "
    return f"{kind}{tuple(tensor.shape)}"


class SavedWeights:
    """The weights in the checkpoints of a run; of a file that stays as it is, they are read once.

    Its content is mapped, not copied: hashes are of what is on the disk when they are asked for.
    """

    def __init__(self) -> None:
        self._read: dict[Path, tuple[tuple[int, ...], dict[str, Tensor]]] = {}

    def load(self, path: Path) -> dict[str, Tensor]:
        """The weights of a checkpoint, by name; not to be kept or changed.

        Raises:
            ValueError: the file is damaged.
            OSError: it can't be read.
        """
        version = _version(path)
        if path not in self._read or self._read[path][0] != version:
            self._read[path] = version, checkpoint.load(path, mapped=True)["model"]
        return self._read[path][1]

    def hashes(self, folder: Path) -> dict[str, str]:
        """The hash of the weights in each checkpoint there, by the file's name.

        Raises:
            ValueError: a file is damaged.
            OSError: one can't be read.
        """
        return {path.name: digest(self.load(path)) for path in sorted(folder.glob("*.pt"))}


def _version(path: Path) -> tuple[int, ...]:
    """What changes when another file takes its place, or it is written to."""
    found = path.stat()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
