"""What a checkpoint holds, and how training goes on from it as if it had never stopped.

Both `best.pt` and `last.pt` hold

- what they say of themselves (`describe`): `hyperparameters`, `classes`, `shape`, `mean`, `std`,
  `class_counts`, `dtype` and `task`, `taken`, the shape of images before a recipe prepared them, if
  there is one, and `code`, hashes of what the answers depend on
  (`plugs/answering.py`); those of former versions lack the last ones;
- `model`: weights and buffers by name;
- `best`: epoch, step, monitor, value and scores of the best epoch so far.

What `python -m project.weights` makes of them has `made` besides: of what, and what is to be shared
or frozen in a run that starts from it.

`last.pt` has besides what training needs to go on (`capture`): `optimizer`, `scaler`, `train_loss`,
`rng` of each rank, and the position: `epoch`, `step`, `step_in_epoch`, `done`; and, where any
callback has a state, `callbacks`. A run that goes on takes data as the model knows them
(`as_trained`), goes to the position before training begins (`Position.go_on`), and puts back the
rest once there is an optimizer (`restore`).

How files are written and read is in `checkpoint.py`, when they are written in `saving.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import torch.distributed as dist
from pytorch_lightning import Trainer
from torch import Tensor, nn

from project.data import Data, Loader
from project.training import generators
from project.training.hooks import states
from project.training.rates import fitted
from project.training.step import scaler_of


class Trained(Protocol):
    """What of the solver is kept in a checkpoint, or put back."""

    model: nn.Module
    trainer: Trainer
    global_rank: int
    step: int
    step_in_epoch: int
    train_loss: float


class Position(NamedTuple):
    """Between which steps training is; that is also the position in the data.

    Attributes:
        epoch: the present one, counted from 0.
        step: optimizer steps done.
        step_in_epoch: those of them in the present epoch.
        done: whether nothing was left to train; within an epoch, `max_steps` has ended that.
    """

    epoch: int
    step: int
    step_in_epoch: int
    done: bool

    @classmethod
    def read(cls, state: Mapping[str, Any]) -> "Position":
        """That of a `last.pt` as loaded."""
        return cls(*(state[name] for name in cls._fields))

    @classmethod
    def within(cls, solver: Trained) -> "Position":
        """After a step; within an epoch there is at least a validation to come."""
        return cls(solver.trainer.current_epoch, solver.step, solver.step_in_epoch, False)

    @classmethod
    def after_epoch(cls, solver: Trained) -> "Position":
        """Where the next epoch starts, if one does; `max_steps` may have cut this one short."""
        trainer = solver.trainer
        if solver.step_in_epoch < trainer.train_dataloader.steps:
            return cls(trainer.current_epoch, solver.step, solver.step_in_epoch, done=True)
        return cls(trainer.current_epoch + 1, solver.step, 0, trainer.should_stop)

    def taken_over(self, same_batches: bool) -> "Position":
        """Where a new run begins that goes on from here.

        Args:
            same_batches: whether its batches are of the same size; otherwise steps of an epoch are
                of other samples, and it begins the epoch anew.
        """
        return self._replace(step_in_epoch=self.step_in_epoch * same_batches, done=False)

    def go_on(self, solver: Trained, trainer: Trainer, loader: Loader) -> None:
        """Let solver, Lightning and the training data begin here."""
        solver.step, solver.step_in_epoch = self.step, self.step_in_epoch
        loader.seek(self.epoch, self.step_in_epoch)
        epochs = self.epoch + (self.done and self.step_in_epoch > 0)
        progress = trainer.fit_loop.epoch_progress.current
        progress.ready = progress.started = progress.processed = progress.completed = epochs
        if self.done:
            # Lightning still has to start the processes for the test.
            trainer.fit_loop.max_epochs = epochs


def describe(flags: Mapping[str, Any], dataset: Data, task: Mapping[str, Any]) -> dict[str, Any]:
    """What a reader of a checkpoint needs beside the weights.

    Args:
        flags: of the run, by field name, without secrets.
        dataset: that the model is trained on.
        task: what it says of itself.
    """
    return {
        "hyperparameters": dict(flags),
        "task": dict(task),
        "classes": list(dataset.classes),
        "shape": list(dataset.shape),
        "dtype": dataset.dtype,
        "mean": list(dataset.mean),
        "std": list(dataset.std),
        "class_counts": list(dataset.class_counts),
    } | ({"taken": list(dataset.taken)} if dataset.recipe else {})


def as_trained(dataset: Data, state: Mapping[str, Any], path: Path) -> Data:
    """The data, normalised and its classes weighed as when the checkpoint's model was trained.

    Raises:
        ValueError: its classes, or its images' shape, data type or preparation, are others; of
            masks, whose pictures may be of any size, only the channels count.
    """
    if prepared_otherwise(dataset, state["hyperparameters"].get("recipe")):
        raise ValueError(
            f"{path} was trained on images that were prepared otherwise: the preprocessing of its"
            " recipe is another; take the same, and change its augmentation alone"
        )
    n_sides = 1 if dataset.kind == "masks" else 3
    for name, theirs, ours in (
        ("classes", state["classes"], dataset.classes),
        ("shape", state["shape"][:n_sides], dataset.shape[:n_sides]),
        ("pixel values", [state.get("dtype", "uint8")], [dataset.dtype]),
    ):
        if list(theirs) != list(ours):
            raise ValueError(
                f"{path} was trained on other {name}: {_short(theirs)}, not {_short(ours)} as"
                f" --data {dataset.name}"
            )
    counts = tuple(state.get("class_counts", dataset.class_counts))
    return replace(dataset, mean=tuple(state["mean"]), std=tuple(state["std"]), class_counts=counts)


def prepared_otherwise(dataset: Data, theirs: str | None) -> bool:
    """Whether another recipe (None: none at all) prepares images otherwise than the data's own."""
    if theirs is None and dataset.recipe is None:
        return False
    from project.recipes.recipe import prepared  # which runs without a recipe need not pay

    return prepared(theirs) != prepared(dataset.recipe)


def capture(solver: Trained, position: Position) -> dict[str, Any]:
    """The state between two steps, as tensors and plain values; every process must call it.

    Args:
        solver: in training, so that it has a trainer and an optimizer.
        position: where training goes on from it.
    """
    trainer = solver.trainer
    scaler = scaler_of(trainer)
    return {
        "model": solver.model.state_dict(),
        "optimizer": trainer.optimizers[0].state_dict(),
        "scaler": scaler.state_dict() if scaler is not None else {},
        "rng": _rng_of_all_ranks(trainer.world_size),
        **states(trainer.callbacks),
        "step": position.step,
        "train_loss": solver.train_loss,
        "epoch": position.epoch,
        "step_in_epoch": position.step_in_epoch,
        "done": position.done,
    }


def restore(solver: Trained, state: Mapping[str, Any]) -> None:
    """Put back what `capture` returned but for the position, once the optimizer exists.

    A new run that takes it over may decay weights otherwise, scale gradients where its parent did
    not, and have more processes: those draw from generators as they were seeded.
    """
    trainer, optimizer = solver.trainer, solver.trainer.optimizers[0]
    solver.model.load_state_dict(state["model"])
    decays = [group.get("weight_decay") for group in optimizer.param_groups]
    optimizer.load_state_dict(fitted(state["optimizer"], optimizer, solver.model))
    for group, decay in zip(optimizer.param_groups, decays, strict=True):
        if decay is not None:  # a person's own optimizer need not have any
            group["weight_decay"] = decay
    scaler = scaler_of(trainer)
    if scaler is not None and state["scaler"]:
        scaler.load_state_dict(state["scaler"])
    kept = state.get("callbacks", {})
    for each in trainer.callbacks:
        if each.state_key in kept:
            each.load_state_dict(kept[each.state_key])
    solver.train_loss = state["train_loss"]
    if solver.global_rank < len(state["rng"]):
        generators.restore(state["rng"][solver.global_rank])


def optimizer_bytes(trainer: Trainer) -> int:
    """How much of a `last.pt` is the optimizer's state: its tensors, in bytes."""
    states = (optimizer.state_dict()["state"].values() for optimizer in trainer.optimizers)
    values = (value for state in states for each in state for value in each.values())
    return sum(value.nbytes for value in values if isinstance(value, Tensor))


def _rng_of_all_ranks(world_size: int) -> list[dict[str, Any]]:
    states: list[Any] = [generators.state()] * world_size
    if world_size > 1:
        dist.all_gather_object(states, states[0])
    return states


def _short(values: Sequence[object]) -> str:
    text = ", ".join(map(str, values))
    return text if len(text) <= 60 else text[:57] + "..."
