"""From a run to a folder with an exported file, its proof and a program that uses it."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from project import run_directory
from project.cli.stage import stage
from project.deployment import consumer, onnx_file, torch_file, weights_file
from project.deployment.graph import traced
from project.deployment.metadata import metadata_of
from project.deployment.proof import Proof, prove
from project.deployment.quantized import convert
from project.deployment.runtimes import OnnxRuntime, Runtime, TorchProcess
from project.deployment.told import lines, of_folder, verdict
from project.inference.predictor import Predictor
from project.inference.test_split import Splits
from project.provenance import after
from project.training import checkpoint
from project.words.paths import brief

PROOF = "proof.json"


class Unproven(Exception):
    """The file decides otherwise than the model, in a line."""


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
        trust: whether code that came with the run from outside the project may be run.
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

    @property
    def folder(self) -> Path:
        """Where it is made."""
        suffix = "" if self.precision == "fp32" else f"-{self.precision}"
        return self.target or after.place(self.run, f"{self.format}{suffix}")


def deliver(order: Order) -> Path:
    """Make the folder, and tell what came out.

    Returns:
        It.

    Raises:
        Unproven: the file decides otherwise than the model; it is gone, unless it was to be kept.
        ValueError: the run can't be exported so; one line.
        OSError: the data can't be read, or the folder not be written.
    """
    if order.register:
        _check_sent(order.run)
    with after.making(order.folder, order.run, replace=order.replace) as folder:
        made = _Made.of(order)
        runtime = _write(made, folder)
        try:
            proof = prove(order.run, made.predictor, made.splits, runtime)
        finally:
            runtime.close()
        fault = _fault(order, proof)
        said = proof.describe() | {"held": fault is None, "metadata": made.metadata}
        (folder / PROOF).write_text(json.dumps(said, indent=2, ensure_ascii=False) + "\n")
        _tell(made, proof)
        if fault and not order.keep:
            raise Unproven(f"{fault}; nothing is kept of it (--keep does)")
    print("\n".join([f"{brief(order.folder)}", *of_folder(order.folder)]))
    if fault:
        raise Unproven(f"{fault}; it is kept, with what it changes in {PROOF}")
    if order.register:
        print(_registered(order, made.metadata))
    return order.folder


@dataclass
class _Made:
    """What is exported."""

    order: Order
    predictor: Predictor
    splits: Splits
    metadata: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, order: Order) -> "_Made":
        stage("loading the model")
        predictor = Predictor.load(order.run, device="cpu", trust=order.trust)
        metadata = metadata_of(predictor, order.licence)
        stage("reading the data")
        splits = Splits.of_run(order.run, predictor.hparams, order.data_dir)
        return cls(order, predictor, splits, metadata | {"precision": order.precision})


def _write(made: _Made, folder: Path) -> Runtime:
    """Write the file and `consumer.py`; returns what runs the file."""
    import torch

    order, predictor, metadata = made.order, made.predictor, made.metadata
    if order.format == "safetensors":
        state = checkpoint.load(run_directory.best(order.run))
        weights_file.write_weights(state, metadata, folder)
        (folder / consumer.NAME).write_text(weights_file.USE, encoding="utf-8")
        return weights_file.ReadBack(folder)
    stage("tracing the net")
    program, any_size = traced(predictor)
    if order.format == "torch-export":
        path = folder / torch_file.NAME
        torch_file.write_program(program, metadata, path)
        _write_consumer(folder, consumer.TORCH, predictor)
        return TorchProcess(path, torch.get_num_threads())
    stage("writing it as ONNX")
    path = folder / onnx_file.NAME
    onnx_file.write_onnx(program, metadata, path, any_size)
    if order.precision != "fp32":
        convert(path, order.precision, made.splits)
    if order.format == "mlflow":
        return _as_model(path, metadata, any_size, predictor)
    _write_consumer(folder, consumer.ONNX, predictor)
    return OnnxRuntime(path)


def _as_model(
    path: Path, metadata: dict[str, Any], any_size: bool, predictor: Predictor
) -> Runtime:
    """Put an ONNX file into a model of MLflow."""
    from project.deployment.mlflow.model import MlflowModel, write_model

    stage("making it a model of MLflow")
    folder = write_model(path, metadata, any_size, path.parent)
    path.unlink()
    _write_consumer(path.parent, consumer.MLFLOW, predictor)
    return MlflowModel(folder)


def _check_sent(run: Path) -> None:
    from project.deployment.mlflow.registry import mlflow_id

    mlflow_id(run)


def _registered(order: Order, metadata: dict[str, Any]) -> str:
    from project.deployment.mlflow import model, registry

    stage("registering it")
    where = registry.register(order.run, order.folder / model.NAME, str(order.register), metadata)
    stage("")
    return f"registered as {where}"


def _write_consumer(folder: Path, use: consumer.Use, predictor: Predictor) -> None:
    (folder / consumer.NAME).write_text(consumer.consumer(use, predictor), encoding="utf-8")


def _fault(order: Order, proof: Proof) -> str | None:
    """Why the file is not what was wanted; None if it is."""
    if order.precision == "fp32":
        n = proof.wrong
        are = "decision is" if n == 1 else "decisions are"
        return f"{n} {are} not the model's" if n else None
    drop = proof.drop.value
    if drop <= order.max_drop:
        return None
    return (
        f"{order.precision} costs {drop:.4f} of accuracy, more than --max-drop {order.max_drop:g}"
    )


def _tell(made: _Made, proof: Proof) -> None:
    predictor, order = made.predictor, made.order
    shape, kind = " x ".join(map(str, predictor.shape)), made.metadata["dtype"]
    what = f"{predictor.hparams.model}, {len(predictor.classes)} classes, {shape} {kind}"
    print(f"{order.run.name} ({what}) as {order.format}, {order.precision}")
    of_masks, exact = predictor.task.accepts == "masks", order.precision == "fp32"
    print("\n".join(lines(proof, of_masks, exact)))
    print("\n".join([*predictor.task.notes(), verdict(proof, order.precision)]))
