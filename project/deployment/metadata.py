"""What an exported file says of itself."""

import json
from collections.abc import Mapping
from typing import Any

from project.inference.predictor import Predictor
from project.words.returned import dtype_name

FORMAT = 1  # goes up when a key changes its meaning


def metadata_of(predictor: Predictor, licence: str) -> dict[str, Any]:
    """What a file says of the model in it.

    Args:
        predictor: of the run.
        licence: under which the weights are given away, such as an SPDX identifier; "": unsaid.
    """
    channels, height, width = predictor.shape
    return {
        "format": FORMAT,
        "task": predictor.task.name,
        "model": predictor.hparams.model,
        "classes": list(predictor.classes),
        "run_id": predictor.run_id,
        "weights_hash": predictor.weights_hash,
        "data": predictor.hparams.data,
        "data_hash": predictor.data_hash,
        "license": licence,
        "dtype": dtype_name(predictor.dtype),
        "channels": channels,
        "height": height,
        "width": width,
        "mean": list(predictor.mean),
        "std": list(predictor.std),
    }


def as_texts(values: Mapping[str, Any]) -> dict[str, str]:
    """The same for formats that hold texts alone: texts as they are, other values as JSON."""
    return {k: v if isinstance(v, str) else json.dumps(v) for k, v in values.items()}
