"""The files of an order, in each format, and what runs them."""

from pathlib import Path
from typing import Any

from project import run_directory
from project.cli.stage import stage
from project.deployment import consumer, onnx_file, torch_file, weights_file
from project.deployment.graph import traced
from project.deployment.order import Made
from project.deployment.quantized import convert
from project.deployment.runtimes import OnnxRuntime, Runtime, TorchProcess
from project.inference.predictor import Predictor
from project.training import checkpoint


def write(made: Made, folder: Path) -> Runtime:
    """Write the file and `consumer.py`; returns what runs the file."""
    import torch

    order, predictor, metadata = made.order, made.predictor, made.metadata
    if order.format == "safetensors":
        state = checkpoint.load(run_directory.best(order.run))
        weights_file.write_weights(state, metadata, folder)
        (folder / consumer.NAME).write_text(weights_file.USE, encoding="utf-8")
        return weights_file.ReadBack(folder, order.run)
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


def _write_consumer(folder: Path, use: consumer.Use, predictor: Predictor) -> None:
    (folder / consumer.NAME).write_text(consumer.consumer(use, predictor), encoding="utf-8")
