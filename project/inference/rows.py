"""What is told of an image, in a row: the same columns in every format."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from project.values import Prediction

NAME, HASH, MODEL, MASK, EMBEDDING = "path", "blake3", "model", "mask", "embedding"
Row = dict[str, Any]


def columns(of_pixels: bool, top_k: int, more: Sequence[str]) -> tuple[str, ...]:
    """The names of a row's cells, in their order.

    Args:
        of_pixels: whether masks are predicted.
        top_k: the most probable classes that are told, if it is more than the prediction.
        more: what is told besides.
    """
    several = range(1, top_k + 1) if top_k > 1 else ()
    top = [name for k in several for name in (f"top_{k}", f"prob_{k}")]
    if of_pixels:
        own = ["largest", "number", "share", "mean_prob", "mean_entropy", *more, MASK]
    else:
        own = ["prediction", "number", "prob", "entropy", *more, *top]
    return (NAME, HASH, *own, MODEL)


def embedding_columns(size: int, more: Sequence[str], each: bool) -> tuple[str, ...]:
    """Likewise, where embeddings are predicted.

    Args:
        size: numbers of an embedding.
        more: what is told besides.
        each: whether every number has a cell of its own, as in CSV, or all together a list.
    """
    own = [f"{EMBEDDING}_{i}" for i in range(size)] if each else [EMBEDDING]
    return (NAME, HASH, *more, *own, MODEL)


def row_of(
    prediction: Prediction, classes: Sequence[str], top_k: int, more: Mapping[str, Any]
) -> Row:
    """The cells that a prediction fills."""
    if np.ndim(prediction.value) == 1:
        values = np.asarray(prediction.value).tolist()
        each = {f"{EMBEDDING}_{i}": value for i, value in enumerate(values)}
        return each | {EMBEDDING: values} | dict(more)
    if np.ndim(prediction.value) == 2:
        return _of_mask(prediction, classes) | dict(more)
    probs = prediction.probs
    assert probs is not None
    value = int(prediction.value)
    row: Row = {"prediction": classes[value], "number": value, "prob": float(prediction.p(value))}
    row["entropy"] = float(prediction.entropy)
    # Equal ones in the order of the classes, as the decision has it.
    order = np.argsort(-probs, kind="stable")[:top_k]
    for k, cls in enumerate(order.tolist(), start=1):
        row |= {f"top_{k}": classes[cls], f"prob_{k}": float(probs[cls])}
    return row | dict(more)


def _of_mask(prediction: Prediction, classes: Sequence[str]) -> Row:
    """Of all pixels: the class that most are of, its share, mean probability and entropy."""
    counts = np.bincount(prediction.value.ravel(), minlength=len(classes))
    largest = int(counts.argmax())
    return {
        "largest": classes[largest],
        "number": largest,
        "share": float(counts[largest] / counts.sum()),
        "mean_prob": float(prediction.confidence.mean(dtype=np.float64)),
        "mean_entropy": float(prediction.entropy.mean()),
    }
