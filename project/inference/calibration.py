"""What was found of how sure a run's model should be, and its answers by that."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from torch import Tensor

from project.files import read_json
from project.inference.answers import Answer, Answers, OfOne
from project.inference.conformal import sets
from project.inference.predictor import Predictor
from project.provenance import after
from project.values import Prediction, mapped

NAME, FILE = "calibration", "calibration.json"
SET = "set"


@dataclass(frozen=True)
class Sets:
    """Sets of classes of one kind.

    Attributes:
        method: of `conformal.METHODS`.
        coverage: how often they are to hold the true class, in (0, 1).
        thresholds: `(C,)`, each class's.
    """

    method: str
    coverage: float
    thresholds: np.ndarray

    @classmethod
    def read(cls, said: dict[str, Any]) -> Self:
        """Of what `describe` has said; an infinite threshold is null in a file."""
        each = [math.inf if value is None else value for value in said["thresholds"]]
        return cls(said["method"], said["coverage"], np.array(each, np.float64))

    def describe(self) -> dict[str, Any]:
        """As plain values."""
        each = [None if math.isinf(value) else value for value in self.thresholds.tolist()]
        return {"method": self.method, "coverage": self.coverage, "thresholds": each}


@dataclass(frozen=True)
class Calibration:
    """Of one model.

    Attributes:
        temperature: by which logits are divided before they become probabilities.
        sets: of all kinds that were asked for.
    """

    temperature: float
    sets: Sequence[Sets]

    @classmethod
    def of(cls, predictor: Predictor, run: Path | None) -> Self:
        """What `project.calibrate` found of a run's model.

        Raises:
            ValueError: it has found nothing yet, or of other weights.
            OSError: its file can't be read.
        """
        path = run and after.place(run, NAME) / FILE
        if path is None or not path.is_file():
            name = run.name if run else "a run: a .pt file alone has no calibration"
            raise ValueError(f"there is no calibration of {name}; python -m project.calibrate RUN")
        said = read_json(path, "weights", "temperature", "sets")
        if said["weights"] != predictor.weights_hash:
            raise ValueError(f"{path} is of other weights; python -m project.calibrate RUN")
        return cls(float(said["temperature"]), [Sets.read(each) for each in said["sets"]])

    def sets_of(self, coverage: float, method: str) -> Sets:
        """Those of a kind.

        Raises:
            ValueError: there are none.
        """
        for each in self.sets:
            if each.method == method and math.isclose(each.coverage, coverage):
                return each
        raise ValueError(
            f"--conformal {coverage:g}: there are no such sets of method {method};"
            f" python -m project.calibrate RUN --coverage {coverage:g}"
        )


@dataclass(frozen=True)
class Calibrated(OfOne):
    """One model, its logits divided by a temperature: other probabilities, equal decisions."""

    first: Predictor
    temperature: float
    columns: tuple[str, ...] = ()

    def __call__(self, images: Tensor) -> Answer:
        """The decision as without a temperature, where a tie could go another way."""
        task, outputs = self.first.task, self.first.outputs(images)
        softened = task.decode(mapped(lambda leaf: leaf / self.temperature, outputs))
        pairs = zip(task.decode(outputs), softened, strict=True)
        return Answer([Prediction(plain.value, soft.probs) for plain, soft in pairs])


@dataclass(frozen=True)
class WithSets:
    """Answers that also tell, of the model as it is, which classes are in an image's set.

    Args:
        answers: of one model.
        kind: of the sets.

    Raises:
        ValueError: the model decides on no single class of an image.
    """

    answers: Answers
    kind: Sets

    def __post_init__(self) -> None:
        task = self.first.task
        if task.of_pixels or not task.decides:
            raise ValueError(f"--conformal: sets are of one class an image, not of {task.name}")

    @property
    def first(self) -> Predictor:
        """The model."""
        return self.answers.first

    @property
    def model_hash(self) -> str:
        """Of its weights."""
        return self.answers.model_hash

    @property
    def columns(self) -> tuple[str, ...]:
        """What is told besides."""
        return (*self.answers.columns, SET)

    def __call__(self, images: Tensor) -> Answer:
        """As before, with the names of the classes in each image's set."""
        found = self.answers(images)
        probs = self.first.probs(images).cpu().numpy()
        inside = sets(probs, self.kind.method, self.kind.thresholds)
        names = np.array(self.first.classes, dtype=object)
        texts = np.array(["|".join(names[row]) for row in inside], dtype=object)
        return Answer(found.predictions, {**found.more, SET: texts})
