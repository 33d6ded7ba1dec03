"""Checkpoints that weights are taken from, and the files that are made of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from torch import Tensor

from project.inference.found import Found, find
from project.training import checkpoint
from project.training.digest import digest
from project.training.weights import made_of
from project.words.paths import brief

# What a checkpoint says of itself, and that stays true of weights which are made from its own.
_ABOUT = ("hyperparameters", "task", "classes", "shape", "dtype", "mean", "std", "class_counts")
_ABOUT += ("code",)


@dataclass(frozen=True)
class Source:
    """A checkpoint.

    Attributes:
        found: its file, and its run if it lies in one.
        state: what it holds.
    """

    found: Found
    state: Mapping[str, Any]

    @classmethod
    def read(cls, reference: str, exp_dir: Path) -> Self:
        """That of a run, the best one, or of a file.

        Raises:
            ValueError: there is none, or the file is no checkpoint of ours, or damaged.
            OSError: it can't be read.
        """
        found = find(reference, exp_dir)
        return cls(found, checkpoint.load(found.path))

    @property
    def weights(self) -> dict[str, Tensor]:
        """By name."""
        return self.state["model"]

    @property
    def name(self) -> str:
        """What people know it by: its run's id, or its file."""
        return self.found.run.name if self.found.run else brief(self.found.path)

    def require_whole(self) -> None:
        """Refuse a file with the weights of one block.

        Raises:
            ValueError: it is one.
        """
        if block := made_of(self.state).get("block"):
            raise ValueError(f"{self.name} holds the weights of {block} alone, no whole model")

    def describe(self) -> dict[str, Any]:
        """What a file that is made of it says of it."""
        run = self.found.run.name if self.found.run else None
        return {"file": self.found.path.name, "run_id": run, "weights": digest(self.weights)}


def check_target(target: Path) -> None:
    """Refuse a place where nothing can be made, before any work is done.

    Raises:
        ValueError: it is no `.pt` file, there is something already, or its folder is not there.
    """
    if target.suffix != ".pt":
        raise ValueError(f"--output {brief(target)}: weights are a .pt file; give such a name")
    if target.exists():
        raise ValueError(f"--output {brief(target)} is there already; give another name")
    if not target.absolute().parent.is_dir():
        raise ValueError(f"--output {brief(target)}: there is no folder {brief(target.parent)}")


def write(
    target: Path,
    by: str,
    sources: Sequence[Source],
    weights: Mapping[str, Tensor],
    more: Mapping[str, Any],
) -> str:
    """Write a checkpoint that runs start from and models are used from; returns its weights' hash.

    Args:
        target: of the file.
        by: what made it.
        sources: that it was made of; it is of the first one's model.
        weights: by name.
        more: what else it says of its making.

    Raises:
        OSError: it can't be written; nothing is left there.
    """
    first = sources[0].state
    made = {"by": by, "sources": [source.describe() for source in sources], **more}
    about = {name: first[name] for name in _ABOUT if name in first}
    checkpoint.save(target, about | {"model": dict(weights), "best": None, "made": made})
    return digest(dict(weights))
