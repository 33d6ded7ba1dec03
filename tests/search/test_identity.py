"""What a worker must have in common with the sweep: told by what differs."""

from pathlib import Path
from typing import Any

import pytest

from project.search import identity

DATA = {
    "name": "digits",
    "hash": "blake3:0123456789abcdef",
    "classes": ["0", "1"],
    "counts": {"train": {"total": 100}, "val": {"total": 20}},
    "hashes": {"train": "a", "val": "b"},
    "mean": [0.5],
}
FLAGS: dict[str, Any] = {"model": "mlp", "loss": ("cross-entropy",)}


def test_the_same_worker_brings_the_same() -> None:
    first = identity.identity(FLAGS, DATA)
    assert identity.differences(first, identity.identity(FLAGS, DATA)) == []
    assert "project/search/identity.py" in first["code"]
    assert first["packages"]["torch"] is not None
    assert "mean" not in first["data"]


def test_what_differs_is_named() -> None:
    then = identity.identity(FLAGS, DATA)
    code = {**then["code"], "project/main.py": "0", "project/mine.py": "1"}
    del code["project/plan.py"]
    here = {
        "code": code,
        "data": {**then["data"], "hash": "blake3:fedcba9876543210"}
        | {"counts": {"train": {"total": 99}, "val": {"total": 20}}},
        "packages": {**then["packages"], "torch": "0.4", "scipy": None},
    }
    scipy = then["packages"]["scipy"]
    assert identity.differences(then, here) == [
        "code: project/main.py changed",
        "code: project/plan.py was removed",
        "code: project/mine.py was added",
        "data: digits 0123456789ab -> fedcba987654: train had 100 samples, has 99",
        f"package torch: {then['packages']['torch']} in the sweep, 0.4 here",
        f"package scipy: {scipy} in the sweep, none here",
    ]


def test_plugs_from_outside_count_with_what_they_import(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "layers_of_mine").mkdir()
    (tmp_path / "layers_of_mine" / "blocks.py").write_text("import numpy\n")
    (tmp_path / "loss_of_mine.py").write_text("def build(): import os\n")
    (tmp_path / "net_of_mine.py").write_text(
        "import torch\n\n\ndef build():\n    from layers_of_mine.blocks import numpy\n"
    )
    flags = {"model": "net_of_mine:build", "loss": ("loss_of_mine:build*0.5", "cross-entropy")}
    then = identity.code(flags)
    mine = then.keys() - identity.code(FLAGS).keys()
    assert mine == {"layers_of_mine/blocks.py", "loss_of_mine.py", "net_of_mine.py"}
    (tmp_path / "layers_of_mine" / "blocks.py").write_text("import numpy as np\n")
    now = identity.code(flags)
    assert {name for name in then if then[name] != now[name]} == {"layers_of_mine/blocks.py"}
