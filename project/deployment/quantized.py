"""An ONNX file of fewer bits: half precision, or weights and activations of 8 bits."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from project.cli.stage import stage
from project.deployment.graph import INPUT, quiet
from project.inference.test_split import Splits

# Images of the validation split from which int8 takes the ranges of activations.
CALIBRATED = 512
# What is computed in 8 bits; the normalisation and the softmax around it stay as they are.
_OPERATORS = ["Conv", "ConvTranspose", "Gemm", "MatMul"]


def convert(path: Path, precision: str, splits: Splits) -> None:
    """Replace an ONNX file by one of another precision, with the same inputs and outputs.

    Args:
        path: of the file.
        precision: fp16 or int8.
        splits: of the run.

    Raises:
        ValueError: there are no validation samples, or it can't be converted.
        OSError: it can't be written.
    """
    import onnx

    stage(f"converting it to {precision}")
    metadata = {entry.key: entry.value for entry in onnx.load(path).metadata_props}
    try:
        with quiet():
            _to_half(path) if precision == "fp16" else _to_int8(path, splits)
    except OSError:
        raise
    # The converters raise anything.
    except Exception as error:
        why = " ".join(str(error).split())[:300]
        raise ValueError(f"it can't be converted to {precision}: {why}") from error
    converted = onnx.load(path)
    del converted.metadata_props[:]
    onnx.helper.set_model_props(converted, metadata | {"precision": precision})
    onnx.save(converted, path)


def _to_half(path: Path) -> None:
    import onnx
    from onnxruntime.transformers.float16 import convert_float_to_float16

    onnx.save(convert_float_to_float16(onnx.load(path), keep_io_types=True), path)


def _to_int8(path: Path, splits: Splits) -> None:
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    if not splits.count("val"):
        raise ValueError("the run has no validation samples, by which its ranges would be chosen")
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".int8-") as folder:
        prepared, made = Path(folder) / "prepared.onnx", Path(folder) / path.name
        quant_pre_process(path, prepared, skip_symbolic_shape=True)
        quantize_static(
            prepared,
            made,
            _Reader(splits),
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
            op_types_to_quantize=_OPERATORS,
        )
        os.replace(made, path)


class _Reader:
    """Images of the validation split, a batch at a time, as the quantizer asks for them."""

    def __init__(self, splits: Splits) -> None:
        self._batches = self._some(splits)

    def get_next(self) -> dict[str, Any] | None:
        images = next(self._batches, None)
        return None if images is None else {INPUT: images}

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.get_next, None)

    def __next__(self) -> dict[str, Any]:
        found = self.get_next()
        if found is None:
            raise StopIteration
        return found

    @staticmethod
    def _some(splits: Splits) -> Iterator[np.ndarray]:
        left = CALIBRATED
        for held in splits.batches("val"):
            yield held.images[:left].numpy()
            left -= len(held.images)
            if left <= 0:
                return
