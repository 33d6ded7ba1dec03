"""What the data's tests share: hyperparameters on a temporary folder, folders of small images."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from project.hyperparameters import Hyperparameters


@pytest.fixture
def hparams(tmp_path: Path) -> Callable[..., Hyperparameters]:
    """Hyperparameters whose data folder is the test's own."""

    def make(**values: object) -> Hyperparameters:
        return Hyperparameters(**{"data_dir": str(tmp_path / "data"), **values})

    return make


@pytest.fixture
def write_images() -> Callable[..., None]:
    """Write `{class name: number}` random PNG images of various sizes below a folder."""

    def write(folder: Path, counts: dict[str, int], seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        for name, count in counts.items():
            (folder / name).mkdir(parents=True)
            for i in range(count):
                height, width = rng.integers(6, 20, size=2)
                pixels = rng.integers(0, 256, size=(height, width, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(folder / name / f"{i:03}.png")

    return write


@pytest.fixture
def folder(tmp_path: Path, write_images: Callable[..., None]) -> Path:
    """13 images in two classes."""
    write_images(tmp_path / "images", {"ant": 7, "bee": 6})
    return tmp_path / "images"
