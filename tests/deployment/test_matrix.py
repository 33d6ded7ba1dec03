"""Nets of every kind, exported and proven; served, old and in mixed precision. Each takes long."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from project.export import main as export
from project.main import main as run
from tests.test_former_runs import FINISHED, FIXTURES

pytestmark = pytest.mark.nightly
SIDE = "--synthetic-shape 3 33 47 --synthetic-samples 300 --synthetic-classes 5"
NETS = {
    "cnn": "--model cnn",
    "mlp": "--model mlp",
    "resnet": f"--model resnet --width 8 --depth 1 --data synthetic {SIDE}",
    "torchvision": f"--model torchvision:mobilenet_v3_small --data synthetic {SIDE}",
    "unet": "--model unet --data digits-segmentation --image-size 45",
    "unet of any sizes": "--model unet --levels 3 --up bilinear --data paired --crop-size 32",
    "hrnet": "--model hrnet --width 4 --head published --head-width 2",
    "hrnet of masks": "--model hrnet --width 4 --stem-stride 2 --data paired --crop-size 32",
    "float images": "--model unet --data paired --crop-size 32 --norm group",
}
ANY_SIZES = "--data paired --crop-size 32"
for file in sorted((Path(__file__).parents[2] / "configs" / "nets").glob("*.yaml")):
    more = f"--width 4 {ANY_SIZES if file.stem == 'unet' else ''}"
    NETS[file.name] = f"--model file:{file} {more}"


def pairs(folder: Path, floats: bool) -> None:
    """Images with masks of odd sizes, no two alike."""
    draws = np.random.default_rng(0)
    for split, n in (("train", 24), ("val", 8), ("test", 9)):
        for kind in ("images", "masks"):
            (folder / split / kind).mkdir(parents=True)
        for i in range(n):
            size = (33 + 7 * (i % 5), 61 - 5 * (i % 4))
            mask = draws.integers(0, 3, size, np.uint8)
            shape = (5, *size) if floats else (*size, 3)
            image = draws.random(shape, np.float32) if floats else draws.integers(0, 256, shape)
            image = image if floats else image.astype(np.uint8)
            np.save(folder / split / "images" / f"{i}.npy", image)
            np.save(folder / split / "masks" / f"{i}.npy", mask)


def trained(tmp_path: Path, flags: str, *more: str) -> Path:
    argv = [*flags.split(), "--max-steps", "6", "--batch-size", "16", "--tracker", "none", *more]
    assert run([*argv, "--exp-dir", str(tmp_path / "runs"), "--without", "reports"]) == 0
    (found,) = (tmp_path / "runs").glob("*/2*")
    return found


def proof_of(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "proof.json").read_text())


@pytest.mark.parametrize("format", ["onnx", "torch-export", "mlflow"])
@pytest.mark.parametrize("net", NETS)
def test_every_decision_is_the_tests(net: str, format: str, tmp_path: Path) -> None:
    data = []
    if "paired" in NETS[net]:
        pairs(tmp_path / "data", net == "float images")
        data = ["--data-dir", str(tmp_path / "data")]
    found = trained(tmp_path, NETS[net], *data)
    assert export([str(found), "--format", format]) == 0
    proof = proof_of(found / "after" / format)
    assert {each["batch"] for each in proof["batches"]} >= {1, 2, 7}
    # HRNet is deep, and resizes by other factors than two: more is rounded.
    most = 1e-5 if net == "hrnet of masks" else 1e-6
    for each in proof["batches"]:
        assert each["wrong"] == 0 and each["largest"] <= most, each
    assert proof["recorded"]["changed"] == 0


@pytest.mark.parametrize("schema", FINISHED)
@pytest.mark.parametrize("format", ["onnx", "torch-export", "safetensors"])
def test_runs_of_former_versions_are_exported(schema: int, format: str, tmp_path: Path) -> None:
    shutil.copytree(FIXTURES / f"schema-{schema}", tmp_path / "runs")
    found = tmp_path / "runs" / "former" / FINISHED[schema]
    assert export([str(found), "--format", format]) == 0
    proof = proof_of(found / "after" / format)
    assert proof["recorded"]["changed"] == 0 and proof["held"]


def test_mixed_precision_is_told_beside_float32(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = trained(tmp_path, "--precision bf16-mixed --width 8")
    capsys.readouterr()
    assert export([str(found)]) == 0
    proof = proof_of(found / "after" / "onnx")
    assert proof["precision_of_the_test"] == "bf16-mixed" and proof["held"]
    line = capsys.readouterr().out.splitlines()[1]
    assert line.startswith("float32 on this CPU: ") and line.endswith("was in bf16-mixed)")


@pytest.mark.parametrize("precision", ["fp16", "int8"])
def test_fewer_bits_are_told_with_what_they_cost(precision: str, tmp_path: Path) -> None:
    found = trained(tmp_path, "--width 8 --learning-rate 0.01")
    flags = [str(found), "--precision", precision]
    assert export([*flags, "--max-drop", "0.5"]) == 0
    accuracy = proof_of(found / "after" / f"onnx-{precision}")["accuracy"]
    low, high = accuracy["interval"]
    assert low <= accuracy["drop"] <= high
    assert accuracy["drop"] == pytest.approx(accuracy["model"] - accuracy["file"])
    whole = (found / "after" / f"onnx-{precision}" / "model.onnx").stat().st_size
    assert export([str(found)]) == 0
    assert whole < (found / "after" / "onnx" / "model.onnx").stat().st_size


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def test_a_served_model_answers_with_the_same_decisions(tmp_path: Path) -> None:
    found = trained(tmp_path, "--model mlp --depth 1")
    assert export([str(found), "--format", "mlflow"]) == 0
    model, port = found / "after" / "mlflow" / "model", free_port()
    images = np.random.default_rng(0).integers(0, 256, (9, 1, 8, 8), np.uint8)
    argv = ["-m", "mlflow", "models", "serve", "-m", str(model), "--env-manager", "local"]
    env = os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true", "PATH": _path()}
    argv += ["-p", str(port), "-w", "1"]
    how: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    server = subprocess.Popen([sys.executable, *argv], env=env, start_new_session=True, **how)
    try:
        _wait_until_it_listens(server)
        body = json.dumps({"inputs": images.tolist()}).encode()
        asked = urllib.request.Request(f"http://127.0.0.1:{port}/invocations", body)
        asked.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(asked, timeout=60) as answer:
            said = json.loads(answer.read())["predictions"]
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.communicate()
    import torch

    from project.inference.predictor import Predictor

    probs = Predictor.load(found).probs(torch.from_numpy(images)).numpy()
    assert said["decisions"] == probs.argmax(1).tolist()
    assert np.abs(np.array(said["probs"]) - probs).max() <= 1e-6


def _path() -> str:
    """Where the shell finds the commands of this environment, as MLflow starts one by its name."""
    return f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"


def _wait_until_it_listens(server: subprocess.Popen[str]) -> None:
    said, due = [], {"startup complete", "running on"}  # in either order
    for line in server.stdout:
        said.append(line)
        due = {words for words in due if words not in line}
        if not due:
            return
    raise AssertionError("".join(said))
