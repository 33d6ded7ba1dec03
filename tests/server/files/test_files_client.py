"""The unmodified client sends files, sets, pictures and artifacts, and MLflow shows them."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mlflow import MlflowClient
from PIL import Image

from tests import forks
from tests.server.conftest import Server

DRIVER = Path(__file__).with_name("files_driver.py")
TREE = {f"d{n % 3}/{n}.txt": bytes([n]) * n for n in range(1, 60)}
TREE |= {"a.txt": b"a", "d0/d/x": b"x", "large": bytes(range(256)) * 25_000}  # more than one part


@dataclass(frozen=True)
class Told:
    """What the client found, where it left what it downloaded, and the run in MLflow."""

    found: dict[str, Any]
    folder: Path
    mlflow: MlflowClient

    def shown(self, path: str = "") -> set[str]:
        run_id = self.found["uuid"].replace("-", "")
        return {item.path for item in self.mlflow.list_artifacts(run_id, path or None)}

    def shown_content(self, path: str) -> bytes:
        run_id = self.found["uuid"].replace("-", "")
        return Path(self.mlflow.download_artifacts(run_id, path)).read_bytes()


@pytest.fixture(scope="module")
def told(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Told:
    folder = tmp_path_factory.mktemp("client")
    for name, content in TREE.items():
        path = folder / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    environment = server.environment | {"NEPTUNE_DATA_DIRECTORY": str(folder / "queue")}
    said = forks.told([DRIVER, folder], {**os.environ, **environment})
    return Told(json.loads(said.splitlines()[-1]), folder, MlflowClient(server.url))


def test_files(told: Told) -> None:
    assert (told.folder / "best").read_bytes() == TREE["large"]
    assert told.found["ext"] == ""
    assert {"record.json", "übung", "odd", "model"} <= told.shown()
    assert told.shown_content("übung/a b.txt") == b"text"
    assert [told.shown_content(path) for path in told.shown("odd")] == [b"odd"]


def test_file_sets(told: Told) -> None:
    assert told.found["many"] == sorted(TREE) and told.found["root"]
    assert told.found["one"] == ["large"]
    for name, content in TREE.items():
        assert (told.folder / "many" / name).read_bytes() == content
    assert told.found["left"] == ["d0", "d1", "d2", "large"]
    assert told.shown("many") == {"many/d0", "many/d1", "many/d2", "many/large"}


def test_pictures(told: Told) -> None:
    for number in range(12):
        with Image.open(told.folder / "pictures" / f"{number}.png") as picture:
            assert np.unique(np.asarray(picture.convert("RGB"))) == [int(number / 12 * 255)]
    shown = told.shown("figures/confusion")
    assert len(shown) == 12
    assert all(path.endswith(".png") for path in shown)


def test_artifacts(told: Told) -> None:
    found = told.found
    names = sorted(name.removeprefix("d0/") for name in TREE if name.startswith("d0/"))
    assert [name for name, _, _ in found["whole"]["files"]] == names
    assert found["copy"] == found["whole"]
    assert [name for name, _, _ in found["part"]["files"]] == ["3.txt", "d/x"]
    assert (told.folder / "tracked" / "d" / "x").read_bytes() == b"x"
    run = told.mlflow.get_run(found["uuid"].replace("-", ""))
    data = {item.dataset.name: item.dataset.digest for item in run.inputs.dataset_inputs}
    assert data == {name: found[name]["hash"][:36] for name in ("whole", "part", "copy")}
