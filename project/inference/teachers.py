"""Trained models that teach another one: their probabilities of its own inputs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from project.data import Data
from project.hyperparameters import Hyperparameters
from project.inference.asking import asked
from project.inference.predictor import Predictor
from project.tasks import Task
from project.training.state import prepared_otherwise


@dataclass(frozen=True)
class Teachers:
    """One or several models: the mean of their probabilities.

    They are in evaluation mode and get no gradients, and are no modules, so that no process
    averages them and no checkpoint holds them. They compute in the precision of the training.

    Attributes:
        members: the models.
        temperature: by which their logits are divided.
        mean, std: by which inputs were normalised, per channel; the members have their own.
    """

    members: Sequence[Predictor]
    temperature: float
    mean: Sequence[float]
    std: Sequence[float]

    @torch.no_grad()
    def __call__(self, inputs: Tensor) -> Tensor:
        """The probabilities of inputs `(b, C, H, W)`, `(b, n_classes, ...)` float32."""
        total: Any = 0
        for member in self.members:
            logits = member.model(self._as_its_own(inputs, member)).float()
            total = total + (logits / self.temperature).softmax(1)
        return total / len(self.members)

    def _as_its_own(self, inputs: Tensor, member: Predictor) -> Tensor:
        """Inputs as the member's data were normalised, which may have been other samples."""
        if (tuple(self.mean), tuple(self.std)) == (member.mean, member.std):
            return inputs
        ours, theirs = (self.mean, self.std), (member.mean, member.std)
        (m, s), (to_m, to_s) = (
            [torch.tensor(v, device=inputs.device).view(1, -1, 1, 1) for v in pair]
            for pair in (ours, theirs)
        )
        return (inputs * s + (m - to_m)) / to_s

    def describe(self) -> list[dict[str, Any]]:
        """What the record says of each: its run, and the hash of its weights."""
        return [{"run_id": m.run_id, "weights": m.weights_hash} for m in self.members]

    def check_same(self, record: Mapping[str, Any]) -> None:
        """Refuse to teach a run that goes on and was taught by other weights.

        Raises:
            ValueError: they are.
        """
        known = record["start"].get("teachers") or []
        for then, now in zip(known, self.describe(), strict=True):
            if then["weights"] != now["weights"]:
                raise ValueError(
                    f"--teacher {now['run_id']}: its weights are others than those by which run"
                    f" {record['run_id']} was taught ({then['weights'][:19]}); bring these back"
                )


def load(hparams: Hyperparameters, task: Task, dataset: Data, device: torch.device) -> Teachers:
    """The models of the best checkpoints that `--teacher` names.

    Args:
        hparams: of the run that is taught.
        task: of that run.
        dataset: that it trains on.
        device: of the training.

    Raises:
        ValueError: one can't be loaded, or takes other images or knows other classes; or the task
            decides between no classes.
        OSError: a file can't be read.
    """
    if not task.decides:
        raise ValueError(f"--teacher: task {task.name} does not decide between classes")
    members = [_loaded(reference, hparams, device) for reference in hparams.teacher]
    for reference, member in zip(hparams.teacher, members, strict=True):
        if why := _unlike(member, task, dataset):
            raise ValueError(f"--teacher {reference}: {why}")
    return Teachers(members, hparams.teacher_temperature, dataset.mean, dataset.std)


def _loaded(reference: str, hparams: Hyperparameters, device: torch.device) -> Predictor:
    try:
        return Predictor.load(
            reference,
            device=device,
            trust=asked,
            accept_changes=hparams.accept_changes,
            exp_dir=Path(hparams.exp_dir),
        )
    except ValueError as error:
        raise ValueError(f"--teacher {reference}: {error}") from error


def _unlike(member: Predictor, task: Task, dataset: Data) -> str | None:
    """What a teacher was trained for that is not as here; None if nothing."""
    if not member.task.decides or member.task.of_pixels != task.of_pixels:
        return f"it was trained for {member.task.name}, and this run is for {task.name}"
    n_sides = 1 if task.of_pixels else 3
    for what, theirs, ours in (
        ("classes", member.classes, tuple(dataset.classes)),
        ("image shape", member.shape[:n_sides], tuple(dataset.taken[:n_sides])),
        ("pixel values", str(member.dtype).removeprefix("torch."), dataset.dtype),
    ):
        if theirs != ours:
            return f"its {what}: {_short(theirs)}; those of --data {dataset.name}: {_short(ours)}"
    if prepared_otherwise(dataset, member.hparams.recipe):
        return "the preprocessing of its recipe is another"
    return None


def _short(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
