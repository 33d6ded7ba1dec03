"""The weights in checkpoints: how they become a model's, and the hashes that tell them apart."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from project.training import checkpoint
from project.training.digest import digest
from project.training.parts import blocks, form
from project.words.names import some
from project.words.telling import did_you_mean, quoted

# Flags that a file of weights brings with it.
MARKS = ("share", "freeze")


def load_weights(
    model: nn.Module, state: Mapping[str, Any], path: Path, *, parts: bool = False
) -> None:
    """Put a checkpoint's weights into `model`.

    Args:
        model: whose weights they become.
        state: the checkpoint.
        path: of its file.
        parts: whether it may hold one block alone; the others stay as they are.

    Raises:
        ValueError: the weights are another model's, or one block's; the message names the first
            difference.
    """
    weights, expected = state["model"], model.state_dict()
    if block := made_of(state).get("block"):
        _check_block(block, path, expected, parts)
        expected = {n: tensor for n, tensor in expected.items() if n.startswith(f"{block}.")}
    for name in sorted(weights.keys() | expected.keys()):
        ours, theirs = form(expected.get(name)), form(weights.get(name))
        if ours != theirs:
            raise ValueError(
                f"{path} is of another model ({state['hyperparameters'].get('model')}): {name} is"
                f" {theirs} there and {ours} here; give the flags that it was trained with"
            )
    model.load_state_dict(weights, strict=not block)


def made_of(state: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a checkpoint says of how `python -m project.weights` made it; {} of a run's own."""
    return state.get("made", {})


def marks_of(made: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """What is to be shared and frozen in runs that start from such a file, by the flag's name.

    Raises:
        ValueError: it is no list of texts; the file is another program's.
    """
    found = {name: made[name] for name in MARKS if made.get(name)}
    for name, words in found.items():
        if not (isinstance(words, list) and all(isinstance(word, str) for word in words)):
            raise ValueError(f"what a file of weights says of {name} is {quoted(words)}, no texts")
    return {name: tuple(words) for name, words in found.items()}


def _check_block(block: str, path: Path, names: Mapping[str, Tensor], parts: bool) -> None:
    if not parts:
        raise ValueError(
            f"{path} holds the weights of {block} alone, no whole model: --checkpoint starts a"
            " new run with them"
        )
    if block not in (known := blocks(names)):
        near = did_you_mean(block, known) or f": it has {some([n for n in known if '.' not in n])}"
        raise ValueError(f"{path} holds the weights of {block}, which this model has not{near}")


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
