"""What is used without the rest of this project, or of its packages, needs no more than it says."""

import os
import re
import subprocess
import sys
import venv
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
from packaging.requirements import Requirement
from PIL import Image

from project.export import main as export
from tests.inference.runs import Reference, reference

ROOT = Path(__file__).parents[2]
PREDICTING = ROOT / "requirements-predict.txt"
# In a process that finds no package but those named, predict what is in pictures.
ONLY = """
import sys
from importlib.metadata import packages_distributions
allowed = set(sys.argv.pop(1).split(","))
class Only:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top in known and not allowed & known[top]:
            raise ModuleNotFoundError(f"{name} is not among them", name=name)
known = {n: {d.lower().replace("_", "-") for d in ds} for n, ds in packages_distributions().items()}
sys.meta_path.insert(0, Only())
from project.predict import main
code = main(sys.argv[1:])
assert not {"pytorch_lightning", "mlflow", "neptune", "sklearn", "pandas"} & set(sys.modules)
sys.exit(code)
"""


def listed(path: Path) -> list[Requirement]:
    lines = path.read_text().splitlines()
    return [Requirement(line) for line in lines if line and line[0] not in "#-"]


def with_what_they_need(wanted: list[Requirement]) -> set[str]:
    """The names of distributions, and of those that they need."""
    found: set[str] = set()
    while wanted:
        each = wanted.pop()
        name = re.sub(r"[-_.]+", "-", each.name).lower()
        if name in found or each.marker and not each.marker.evaluate({"extra": ""}):
            continue
        try:
            wanted += map(Requirement, metadata.requires(name) or [])
        except metadata.PackageNotFoundError:
            continue  # of another system
        found.add(name)
    return found


@pytest.fixture(scope="module")
def mlp(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    flags = ["--model", "mlp", "--depth", "1", "--hidden-dim", "8", "--max-steps", "3"]
    return reference(tmp_path_factory.mktemp("mlp"), *flags)


@pytest.fixture(scope="module")
def pictures(mlp: Reference, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("pictures")
    paths = [folder / f"{i}.png" for i in range(9)]
    for path, image in zip(paths, mlp.images[0]):
        Image.fromarray(image[0].numpy()).save(path)
    return paths


def expected(mlp: Reference) -> list[str]:
    return [str(i) for i in mlp.outputs[0][:9].argmax(1).tolist()]


def test_they_agree_with_those_of_a_run() -> None:
    ours = {each.name.lower(): each for each in listed(ROOT / "requirements.txt")}
    for each in listed(PREDICTING):
        known = ours.get(each.name.lower())
        assert known is None or known.specifier == each.specifier, each


def test_predicting_needs_what_is_listed(
    mlp: Reference, pictures: list[Path], tmp_path: Path
) -> None:
    allowed = ",".join(with_what_they_need(listed(PREDICTING)))
    argv = [sys.executable, "-W", "error::DeprecationWarning:project", "-c", ONLY, allowed]
    argv += [str(mlp.run), *map(str, pictures), "-o", str(tmp_path / "out"), "--draw"]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    rows = (tmp_path / "out" / "predictions.csv").read_text().splitlines()
    where = rows[0].split(",").index("prediction")
    assert [row.split(",")[where] for row in rows[1:]] == expected(mlp)


def environment(folder: Path, *requirements: str) -> Path:
    """A new environment's Python, with these installed."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", *requirements], check=True)
    return python


@pytest.mark.nightly
@pytest.mark.timeout(1800)
def test_predicting_in_an_environment_of_its_own(
    mlp: Reference, pictures: list[Path], tmp_path: Path
) -> None:
    python = environment(tmp_path / "env", "-r", str(PREDICTING))
    argv = [python, "-m", "project.predict", str(mlp.run), *map(str, pictures)]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True)
    assert [row.split("\t")[1] for row in done.stdout.splitlines()[1:]] == expected(mlp)


@pytest.mark.nightly
@pytest.mark.timeout(600)
def test_a_consumer_in_an_environment_of_its_own(
    mlp: Reference, pictures: list[Path], tmp_path: Path
) -> None:
    assert export([str(mlp.run), "-o", str(tmp_path / "taken")]) == 0
    python = environment(tmp_path / "env", "numpy", "Pillow", "onnxruntime")
    argv = [python, "-I", tmp_path / "taken" / "consumer.py", *pictures]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=True)
    rows = [row.split("\t") for row in done.stdout.splitlines()]
    assert [row[1] for row in rows] == expected(mlp)
    probs = mlp.outputs[0][:9].softmax(1).max(1).values.numpy()
    assert np.abs(np.array([float(row[2]) for row in rows]) - probs).max() < 1e-4
    assert "project" not in os.listdir(tmp_path)
