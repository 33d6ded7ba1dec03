"""The folder of an MLflow model around an ONNX file: from code, without a pickle."""

import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from project.deployment.runtimes import Answers, OnnxRuntime
from project.tracking.mlflow.store import quieten

NAME = "model"  # the folder's
_CODE = Path(__file__).with_name("served.py")
_NEEDED = ("mlflow", "numpy", "onnxruntime")


def write_model(onnx: Path, metadata: Mapping[str, Any], any_size: bool, folder: Path) -> Path:
    """Write the model; the ONNX file is copied into it.

    Args:
        onnx: the file.
        metadata: of `metadata_of`.
        any_size: whether it takes images of any size.
        folder: where.

    Returns:
        The model's folder.

    Raises:
        OSError: it can't be written.
    """
    target = folder / NAME
    with _still():
        import mlflow

        shape = [int(metadata[side]) for side in ("channels", "height", "width")]
        example = np.zeros((1, *shape), metadata["dtype"])
        mlflow.pyfunc.save_model(
            target,
            python_model=str(_CODE),
            artifacts={"onnx": str(onnx)},
            signature=_signature(onnx, example, any_size),
            input_example=example,
            pip_requirements=[f"{name}=={version(name)}" for name in _NEEDED],
            metadata=dict(metadata),
        )
    # Places on this machine, which nothing needs.
    about = target / "MLmodel"
    text = about.read_text(encoding="utf-8")
    for path in (onnx, _CODE):
        text = text.replace(str(path), path.name)
    about.write_text(text, encoding="utf-8")
    return target


def _signature(onnx: Path, example: np.ndarray, any_size: bool) -> Any:
    from mlflow.models import ModelSignature
    from mlflow.types.schema import Schema, TensorSpec

    sides = (-1, -1) if any_size else example.shape[2:]
    given = TensorSpec(example.dtype, (-1, example.shape[1], *sides))
    runtime = OnnxRuntime(onnx)
    found = dict(zip(("probs", "decisions"), runtime(example), strict=True))
    runtime.close()
    # Of any number of images and, where each pixel is decided on, of any size.
    shapes = {name: (-1, *a.shape[1:]) for name, a in found.items()}
    if any_size:
        shapes = {name: (*shape[:-2], *sides) for name, shape in shapes.items()}
    made = [TensorSpec(array.dtype, shapes[name], name) for name, array in found.items()]
    return ModelSignature(Schema([given]), Schema(made))


class MlflowModel:
    """A model as MLflow loads it.

    Args:
        folder: of the model.
    """

    def __init__(self, folder: Path) -> None:
        with _still():
            import mlflow

            self._model = mlflow.pyfunc.load_model(str(folder))
        self.name = f"MLflow {mlflow.__version__} with ONNX Runtime {version('onnxruntime')}"

    def __call__(self, images: np.ndarray) -> Answers:
        try:
            with _still():
                found = self._model.predict(images)
        # Its errors have no common class but this.
        except Exception as error:
            raise RuntimeError(" ".join(str(error).split())) from error
        return found["probs"], found["decisions"]

    def close(self) -> None:
        del self._model


@contextmanager
def _still() -> Iterator[None]:
    """Without what MLflow says of itself, and of packages that it guesses."""
    quieten()
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
