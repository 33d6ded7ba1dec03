"""Whether files that were exported from the run decide as the model does."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from project.deployment.extras import PRECISIONS
from project.deployment.runtimes import OnnxRuntime
from project.deployment.tally import Tally
from project.inference.predictor import Predictor
from project.inference.test_split import Splits
from project.provenance import after

ONNX = "*.onnx"
LOSSY = tuple(f"-{precision}" for precision in PRECISIONS if precision != "fp32")


def test_exported(
    run: Path, predictor: Predictor, test_split: Splits, found: Callable[[str], None]
) -> None:
    """exported files decide as the model does."""
    folders = [folder for folder in after.made(run) if not folder.name.endswith(LOSSY)]
    files = [path for folder in folders for path in sorted(folder.glob(ONNX))]
    if not files:
        pytest.skip("the run has none that ONNX Runtime takes")
    pytest.importorskip("onnxruntime")
    told = []
    for path in files:
        tally = _compare(path, predictor, test_split)
        told.append(f"{path.relative_to(run)} {tally.wrong} of {tally.decisions:,} otherwise")
        assert not tally.wrong, told[-1]
    found("; ".join(told))


def _compare(path: Path, predictor: Predictor, splits: Splits) -> Tally:
    """Beside the model's float32 pass, which is what was exported."""
    runtime, exact, tally = OnnxRuntime(path), replace(predictor, precision="32"), Tally(0)
    for held in splits.batches("test"):
        outputs = exact.outputs(held.images)
        expected = exact.task.probs(outputs).numpy(), exact.task.decisions(outputs).numpy()
        tally.add(expected, runtime(held.images.numpy()))
    return tally
