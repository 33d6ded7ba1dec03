"""What is to be exported: as it was asked for, and as it was read."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from project.cli.stage import stage
from project.deployment.metadata import metadata_of
from project.inference.asking import asked
from project.inference.predictor import Predictor
from project.inference.test_split import Splits
from project.provenance import after


@dataclass(frozen=True)
class Order:
    """What is wanted.

    Attributes:
        run: its directory.
        format: of the file.
        precision: fp32, fp16 or int8.
        target: the folder to make; None: in the run.
        licence: under which the weights are given away; "": unsaid.
        max_drop: of the accuracy, at another precision than fp32.
        data_dir: where the data lie now; None: where they lay.
        keep: whether a file that is not proven stays.
        replace: whether a folder that was made so before may go.
        register: under what name it goes into MLflow's registry; None: it does not.
        trust: whether code that came with the run may be run, without asking.
        accept_changes: whether the net may be made by other code than the run had.
        weights: a file whose model is exported in place of the run's; None: the run's best.
    """

    run: Path
    format: str
    precision: str = "fp32"
    target: Path | None = None
    licence: str = ""
    max_drop: float = 0.01
    data_dir: str | None = None
    keep: bool = False
    replace: bool = False
    register: str | None = None
    trust: bool = False
    accept_changes: bool = False
    weights: Path | None = None

    @property
    def folder(self) -> Path:
        """Where it is made."""
        suffix = "" if self.precision == "fp32" else f"-{self.precision}"
        return self.target or after.place(self.run, f"{self.format}{suffix}")


@dataclass
class Made:
    """What is exported."""

    order: Order
    predictor: Predictor
    splits: Splits
    metadata: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, order: Order) -> "Made":
        stage("loading the model")
        predictor = Predictor.load(
            order.weights or order.run,
            trust=order.trust or asked,
            accept_changes=order.accept_changes,
        )
        if not predictor.task.decides:
            raise ValueError(
                f"run {order.run.name} can't be exported: task {predictor.task.name} decides for no"
                " class, by which a file is proven; project.predict writes what it says"
            )
        metadata = metadata_of(predictor, order.licence)
        stage("reading the data")
        splits = Splits.of_run(order.run, predictor.hparams, order.data_dir)
        if order.weights and predictor.classes != tuple(splits.dataset.classes):
            raise ValueError(f"--weights {order.weights} is of other classes than {order.run.name}")
        return cls(order, predictor, splits, metadata | {"precision": order.precision})
