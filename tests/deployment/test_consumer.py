"""`consumer.py` reads pictures as the data set does, whatever they are and however `--fit` says."""

import ast
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from project.data.intake import Squares, Whole
from project.deployment.consumer import MLFLOW, MOST_LINES, ONNX, TORCH, consumer

# The program leaves it to Python to close a file, as a GIF stays open for further frames.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
SIZE = 24


def pictures(folder: Path) -> list[Path]:
    """One of each kind, of sizes that are no squares and larger than what is asked for."""
    draws = np.random.default_rng(0)
    rgb = Image.fromarray(draws.integers(0, 256, (61, 90, 3), np.uint8))
    made = {
        "a.png": rgb,
        "large.jpg": rgb.resize((300, 211)),
        "cmyk.jpg": rgb.convert("CMYK"),
        "grey.png": rgb.convert("L"),
        "palette.gif": rgb.convert("P"),
        "clear.png": Image.merge("RGBA", (*rgb.split(), rgb.split()[0])),
        "deep.png": Image.fromarray(draws.integers(0, 65536, (30, 41), np.uint16)),
        "thin.png": rgb.resize((100, 1)),
    }
    for name, image in made.items():
        image.save(folder / name)
    exif = Image.Exif()
    exif[274] = 6
    made["large.jpg"].save(folder / "turned.jpg", exif=exif)
    return [*(folder / name for name in made), folder / "turned.jpg"]


def read_by(program: str, path: Path) -> np.ndarray:
    """`images` as the lines of the loop make them that stand before the answer."""
    (loop,) = (node for node in ast.parse(program).body if isinstance(node, ast.For))
    body = loop.body[: next(i for i, s in enumerate(loop.body) if "probs" in ast.unparse(s))]
    names: dict[str, Any] = {"path": path, "np": np, "Image": Image}
    exec("from PIL import ImageOps\n" + "\n".join(map(ast.unparse, body)), names)
    return names["images"]


def predictor(how: Any, channels: int = 3, kind: str = "labels", dtype: Any = torch.uint8) -> Any:
    task = SimpleNamespace(of_pixels=kind == "masks")
    return SimpleNamespace(intake=how, shape=(channels, SIZE, SIZE), dtype=dtype, task=task)


@pytest.mark.parametrize("fit", ["crop", "pad", "squeeze"])
@pytest.mark.parametrize("use", [ONNX, TORCH, MLFLOW], ids=["onnx", "torch", "mlflow"])
def test_pictures_are_those_of_the_data_set(use: Any, fit: str, tmp_path: Path) -> None:
    for how in (Squares(SIZE, fit), Whole(3, "uint8", (SIZE, SIZE), fit)):
        program = consumer(use, predictor(how))
        assert len(program.splitlines()) <= MOST_LINES, program
        assert all(len(line) <= 110 for line in program.splitlines())
        for path in pictures(tmp_path) if use is ONNX else ():
            with path.open("rb") as file:
                expected = how.read(file, str(path))
            assert np.array_equal(read_by(program, path)[0], expected), (path, how)


def test_masks_are_of_pictures_of_any_size_and_are_kept(tmp_path: Path) -> None:
    how = Whole(3, "uint8", None, "crop")
    program = consumer(ONNX, predictor(how, kind="masks"))
    assert len(program.splitlines()) <= MOST_LINES and "mask.png" in program
    for path in pictures(tmp_path):
        with path.open("rb") as file:
            assert np.array_equal(read_by(program, path)[0], how.read(file, str(path))), path


def test_arrays_of_numbers_are_loaded(tmp_path: Path) -> None:
    how = Whole(5, "float32", None, "crop")
    program = consumer(ONNX, predictor(how, 5, "masks", torch.float32))
    np.save(tmp_path / "a.npy", array := np.random.default_rng(0).random((5, 7, 9)))
    assert np.array_equal(read_by(program, tmp_path / "a.npy")[0], array.astype(np.float32))
