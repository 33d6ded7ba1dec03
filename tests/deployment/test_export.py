"""An exported file decides as the test did, on every image and in any batch; or it is not made."""

import ast
import json
import runpy
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from PIL import Image
from torch import nn

from project.deployment.consumer import MOST_LINES
from project.export import main as export
from project.inference.predictor import Predictor
from project.models.mlp import build
from project.verify import main as verify
from tests.inference.runs import Reference, reference

QUICK = ["--max-steps", "3", "--batch-size", "100"]


@pytest.fixture(scope="module")
def cnn(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    flags = ["--width", "4", "--depth", "1", "--hidden-dim", "8"]
    return reference(tmp_path_factory.mktemp("cnn"), *QUICK, *flags)


@pytest.fixture(scope="module")
def mlp(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    flags = ["--model", "mlp", "--depth", "1", "--hidden-dim", "8"]
    return reference(tmp_path_factory.mktemp("mlp"), *QUICK, *flags)


@pytest.fixture(scope="module")
def exported(cnn: Reference) -> Path:
    assert export([str(cnn.run), "--license", "CC-BY-4.0"]) == 0
    return cnn.run / "after" / "onnx"


def of(run: Path, *flags: str) -> list[str]:
    return [str(run), "--exp-dir", str(run.parents[1]), *flags]


def session_of(folder: Path) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(folder / "model.onnx", providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("size", [1, 2, 7, 359])
def test_decisions_are_those_of_the_test(cnn: Reference, exported: Path, size: int) -> None:
    session = session_of(exported)
    images, outputs = torch.cat(cnn.images), torch.cat(cnn.outputs)
    each = [session.run(None, {"images": part.numpy()}) for part in images.split(size)]
    probs, decisions = (np.concatenate(parts) for parts in zip(*each, strict=True))
    assert (decisions == outputs.argmax(1).numpy()).all() and len(decisions) == 359
    assert np.abs(probs - outputs.softmax(1).numpy()).max() <= 1e-6


def test_the_file_says_what_it_is(cnn: Reference, exported: Path) -> None:
    said = session_of(exported).get_modelmeta().custom_metadata_map
    record = json.loads((cnn.run / "record.json").read_text())
    outcome = json.loads((cnn.run / "outcome.json").read_text())
    assert json.loads(said["classes"]) == list("0123456789")
    assert (said["run_id"], said["task"], said["license"]) == (
        cnn.run.name,
        "classification",
        "CC-BY-4.0",
    )
    assert said["weights_hash"] == outcome["weights"]["best.pt"]
    assert said["data_hash"] == record["data"]["hash"]
    (images,) = session_of(exported).get_inputs()
    assert (images.type, images.shape) == ("tensor(uint8)", ["n", 1, 8, 8])


def test_the_proof_is_beside_it_and_verified(
    cnn: Reference, exported: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    proof = json.loads((exported / "proof.json").read_text())
    assert proof["held"] and [each["batch"] for each in proof["batches"]] == [1, 2, 7, 100]
    for each in proof["batches"]:
        assert (each["images"], each["changed"]) == (359, 0) and each["largest"] <= 1e-6
    assert proof["recorded"] == {"by": "its table of samples", "changed": 0, "decisions": 359}
    assert verify(of(cnn.run)) == 0
    assert "after/onnx is as it was made of this run" in capsys.readouterr().out


def test_a_program_of_twenty_lines_uses_it_without_this_project(
    cnn: Reference,
    exported: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    program = exported / "consumer.py"
    assert len(program.read_text().splitlines()) <= MOST_LINES == 20
    nodes = ast.walk(ast.parse(program.read_text()))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    assert plain == {"json", "sys", "numpy", "onnxruntime"}  # and PIL
    paths = [tmp_path / f"{i}.png" for i in range(20)]
    for path, image in zip(paths, torch.cat(cnn.images)):
        Image.fromarray(image[0].numpy()).save(path)
    monkeypatch.setattr(sys, "argv", ["consumer.py", *map(str, paths)])
    runpy.run_path(str(program))
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    expected = Predictor.load(cnn.run)(paths)
    assert [row[:2] for row in rows] == [
        [str(path), str(found.value)] for path, found in zip(paths, expected)
    ]
    assert [float(row[2]) for row in rows] == pytest.approx(
        [found.confidence for found in expected], abs=1e-4
    )


def test_what_is_there_stays(exported: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (exported / "model.onnx").stat().st_mtime_ns
    assert export([str(exported.parents[1])]) == 2
    assert capsys.readouterr().err == (
        f"error: {exported} is there already: --replace makes it anew, -o somewhere else\n"
    )
    assert (exported / "model.onnx").stat().st_mtime_ns == before


class _Changed(nn.Module):
    """A net whose exporter writes something else than it computes."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        logits = self.net(inputs)
        return logits.roll(1, 1) if torch.compiler.is_exporting() else logits

    def load_state_dict(self, *args: object, **named: object) -> object:
        return self.net.load_state_dict(*args, **named)

    def state_dict(self, *args: object, **named: object) -> object:
        return self.net.state_dict(*args, **named)


def test_a_net_that_is_wrong_in_export_fails_and_leaves_nothing(
    mlp: Reference, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def changed(*args: object, **named: object) -> nn.Module:
        return _Changed(build(*args, **named))

    monkeypatch.setattr("project.models.mlp.build", changed)
    assert export([str(mlp.run)]) == 1
    said = capsys.readouterr()
    assert "NOT PROVEN: 359 decisions are not the model's" in said.out
    assert said.err == (
        "error: 359 decisions are not the model's; nothing is kept of it (--keep does)\n"
    )
    assert not (mlp.run / "after").exists()


def test_weights_and_configuration_make_the_net_again(
    mlp: Reference, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "hub"
    assert export([str(mlp.run), "--format", "safetensors", "-o", str(target)]) == 0
    assert "PROVEN: every decision is the model's" in capsys.readouterr().out
    from safetensors.torch import load_file

    from project.deployment.weights_file import load

    config = json.loads((target / "config.json").read_text())
    assert config["architectures"] == ["mlp"] and config["id2label"]["7"] == "7"
    weights = torch.load(mlp.run / "checkpoints" / "best.pt", weights_only=True)["model"]
    found = load_file(target / "model.safetensors")
    assert weights.keys() == found.keys()
    assert all(torch.equal(weights[name], found[name]) for name in weights)
    outputs = load(target).outputs(torch.cat(mlp.images[:1]))
    assert torch.equal(outputs, mlp.outputs[0])
