"""A net that no exporter can write is refused in a line that names the operator, or the step."""

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from project.deployment.graph import traced
from project.deployment.onnx_file import write_onnx
from project.tasks.classification import Classification


class Net(nn.Module):
    def __init__(self, step: Any) -> None:
        super().__init__()
        self.step, self.head = step, nn.Linear(16, 3)

    def forward(self, inputs: Tensor) -> Tensor:
        return self.head(self.step(inputs).flatten(1))


def predictor(step: Any) -> Any:
    task, model = Classification((1, 4, 4), ("a", "b", "c")), Net(step).eval()
    how = {"mean": (0.0,), "std": (1.0,), "dtype": torch.uint8, "device": torch.device("cpu")}
    how["preparation"] = None
    hparams = SimpleNamespace(model="mynets:Net")
    return SimpleNamespace(task=task, model=model, shape=(1, 4, 4), hparams=hparams, **how)


@pytest.mark.parametrize(
    "step, why",
    [
        (lambda x: x * 2 if x.mean() > 0 else x, "a step depends on the images' values (test_ref"),
        pytest.param(
            lambda x: x.reshape(2, 16),
            "it computes with a fixed number of images",
            marks=pytest.mark.nightly,
        ),
        pytest.param(
            lambda x: torch.from_numpy(x.numpy()),
            "RuntimeError: .numpy() is not supported for",
            marks=pytest.mark.nightly,
        ),
    ],
    ids=["values", "number", "numpy"],
)
def test_a_net_that_cannot_be_traced(
    step: Any, why: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(__file__.rpartition("/")[0])
    with pytest.raises(ValueError) as refused:
        traced(predictor(step))
    expected = f"--model mynets:Net can't be exported by torch.export: {why}"
    assert str(refused.value).startswith(expected)
    assert "\n" not in str(refused.value) and capfd.readouterr() == ("", "")


@pytest.mark.nightly
def test_an_operator_that_onnx_has_not(tmp_path: Any) -> None:
    program, _ = traced(predictor(torch.special.bessel_j0))
    with pytest.raises(ValueError) as refused:
        write_onnx(program, {"model": "mynets:Net"}, tmp_path / "a.onnx", False)
    assert str(refused.value) == (
        "--model mynets:Net can't be exported by torch.onnx: the operator prims.bessel_j0 is none"
        " that it can write"
    )
    assert not list(tmp_path.iterdir())
