"""What a new run takes over from the run that it goes on from, its parent."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from project import run_directory
from project.cli.totals import nothing_left
from project.files import json_text
from project.hyperparameters import Hyperparameters
from project.training import checkpoint
from project.training.digest import digest
from project.training.origin import Origin, total_steps
from project.training.state import Position

# Of a `last.pt`: what decides how training goes on.
_DECIDING = ("model", "optimizer", "scaler", "rng", "epoch", "step", "step_in_epoch")


@dataclass(frozen=True)
class Inheritance:
    """What a run begins with that goes on from another one, besides that one's weights.

    Attributes:
        parent: directory of that run.
        origin: where the new one begins.
        state: hash of all that it takes over but for the best epoch.
        best: the best epoch so far, as in an outcome, with the `run_id` that it was in; None if it
            is not taken over.
        best_weights: of that epoch.
        lacks_best: why it is not.
    """

    parent: Path
    origin: Origin
    state: str
    best: dict[str, Any] | None = None
    best_weights: dict[str, Any] | None = None
    lacks_best: str | None = None

    @property
    def position(self) -> Position:
        """Where the new run begins."""
        return Position(self.origin.epoch, self.origin.step, self.origin.step_in_epoch, False)

    def describe(self) -> dict[str, Any]:
        """What the new run's record says of its parent, as plain values."""
        best = None
        if self.best is not None:
            best = {"run_id": self.best["run_id"], "epoch": self.best["epoch"]}
            best |= {"weights": digest(self.best_weights)}
        at = {name: getattr(self.origin, name) for name in ("epoch", "step", "step_in_epoch")}
        return {"run_id": self.parent.name, **at, "state": self.state, "best": best}


def inherit(
    parent: Path, state: Mapping[str, Any], hparams: Hyperparameters, steps_per_epoch: int
) -> Inheritance:
    """What a new run takes over.

    Args:
        parent: directory of the run that it goes on from.
        state: the `last.pt` of that, as loaded.
        hparams: of the new run.
        steps_per_epoch: likewise.

    Raises:
        ValueError: nothing is left to train, or the best checkpoint is damaged; in one line.
        OSError: that can't be read.
    """
    same = state["hyperparameters"].get("batch_size") == hparams.batch_size
    position = Position.read(state).taken_over(same)
    origin = Origin.read(position._asdict(), state["optimizer"])
    if total_steps(hparams, steps_per_epoch, origin) <= origin.step:
        epochs = max(origin.epoch, hparams.max_epochs)  # all steps of the last may be done
        raise ValueError(nothing_left(parent.name, epochs, origin.step, hparams))
    best, weights, lacks = _best(parent, state, hparams)
    return Inheritance(parent, origin, state_hash(state), best, weights, lacks)


def state_hash(state: Mapping[str, Any]) -> str:
    """The hash of what of a `last.pt` decides how training goes on, as `blake3:<hex>`."""
    more = {name: state[name] for name in ("callbacks",) if name in state}
    return digest({name: state.get(name) for name in _DECIDING} | more)


def _best(
    parent: Path, state: Mapping[str, Any], hparams: Hyperparameters
) -> tuple[dict[str, Any] | None, dict[str, Any] | None, str | None]:
    """The parent's best epoch and its weights; or why later ones can't be compared with it."""
    if state["best"] is None:
        return None, None, None
    if other := _judged_by(state["hyperparameters"], hparams):
        return None, None, f"it was chosen by another {other}"
    path = run_directory.best(parent)
    if not path.exists():
        return None, None, f"{path} is gone"
    weights = checkpoint.load(path)["model"]
    return {"run_id": parent.name} | state["best"], weights, None


def _judged_by(then: Mapping[str, Any], hparams: Hyperparameters) -> str | None:
    """The first flag by which best epochs are chosen that is another now."""
    now = hparams.to_values()
    names = ["monitor", "limit_batches", "plugs"]
    names += ["loss", "label_smoothing"] if hparams.monitor == "val_loss" else []
    names += ["batch_size"] if hparams.limit_batches else []
    return next((n for n in names if json_text(then.get(n)) != json_text(now.get(n))), None)
