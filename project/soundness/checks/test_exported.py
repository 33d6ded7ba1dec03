"""Whether files that were exported from the run decide as the model does."""

from collections.abc import Callable
from pathlib import Path

import pytest

from project.deployment.runtimes import OnnxRuntime
from project.inference.predictor import Predictor
from project.inference.test_split import Splits
from project.provenance import after

ONNX = "*.onnx"
# The two largest probabilities, for either to win in another runtime.
NEAR_TIE = 1e-6


def test_exported(
    run: Path, predictor: Predictor, test_split: Splits, found: Callable[[str], None]
) -> None:
    """exported files decide as the model does."""
    files = [path for folder in after.made(run) for path in sorted(folder.glob(ONNX))]
    if not files:
        pytest.skip("the run has none that ONNX Runtime takes")
    pytest.importorskip("onnxruntime")
    told = []
    for path in files:
        n, changed = _compare(path, predictor, test_split)
        told.append(f"{path.relative_to(run)} {changed} of {n:,} otherwise")
        assert not changed, told[-1]
    found("; ".join(told))


def _compare(path: Path, predictor: Predictor, splits: Splits) -> tuple[int, int]:
    runtime = OnnxRuntime(path)
    n = changed = 0
    for held in splits.batches("test"):
        _, decisions = runtime(held.images.numpy())
        outputs = predictor.outputs(held.images)
        expected = predictor.task.decisions(outputs).numpy()
        top = predictor.task.probs(outputs).topk(2, 1).values
        clear = (top[:, 0] - top[:, 1] > NEAR_TIE).numpy()
        n, changed = n + expected.size, changed + int(((decisions != expected) & clear).sum())
    return n, changed
