"""Machines that differ are refused before anything is recorded: which one, and in what."""

import os
import shutil
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from project.provenance.ranks import Sheet, differences, told
from tests import forks

ROOT = Path(__file__).parents[2]
SHEET = Sheet(
    "a",
    {"learning_rate": 0.001, "seed": 0},
    {"run": "20261121-034512-7h3k", "step": 40},
    {"project/solver.py": "01", "project/cli/messages.py": "02"},
    {"python": "3.11.7", "packages": {"torch": "2.14", "rich": "14"}},
    {
        **{"name": "image-folder", "classes": ["ant", "bee"], "hash": "blake3:01"},
        "counts": {"train": {"total": 8}},
        "hashes": {"train": "blake3:02"},
    },
)


@pytest.mark.parametrize(
    "other, lines",
    [
        ({"host": "b"}, []),
        # Only the first process imports what speaks.
        ({"sources": {"project/solver.py": "01", "project/plan.py": "03"}}, []),
        ({"sources": {"project/solver.py": "09"}}, ["project/solver.py is another"]),
        (
            {"flags": {"learning_rate": 0.1, "seed": 0}},
            ["--learning-rate is 0.1, not 0.001"],
        ),
        ({"start": {**SHEET.start, "step": 30}}, ["it starts from another step: 30, not 40"]),
        (
            {"start": {}},
            [
                "it starts from another run: none, not 20261121-034512-7h3k",
                "it starts from another step: none, not 40",
            ],
        ),
        (
            {"software": {"python": "3.11.7", "packages": {"torch": "2.11", "rich": "14"}}},
            ["packages.torch: 2.14 -> 2.11"],
        ),
        ({"software": {"python": "3.11.7", "packages": {"torch": "2.14", "rich": "13"}}}, []),
        ({"software": {**SHEET.software, "python": "3.13.1"}}, ["python: 3.11.7 -> 3.13.1"]),
        (
            {"data": {**SHEET.data, "hash": "blake3:03", "hashes": {"train": "blake3:04"}}},
            ["data: image-folder 01 -> 03: the content of train changed"],
        ),
    ],
)
def test_what_differs_is_a_line(other: dict[str, Any], lines: list[str]) -> None:
    assert differences(SHEET, SHEET._replace(**other)) == lines


def test_it_alone_goes_on_where_the_first_starts_anew() -> None:
    assert differences(SHEET._replace(start={}), SHEET._replace(start={"weights": "01"})) == [
        "it starts from another weights: 01, not none"
    ]


def test_the_file_that_differs_is_named() -> None:
    other = SHEET._replace(data={**SHEET.data, "hash": "blake3:03"})
    files = {"ant/1.png": "01"}, {"ant/1.png": "02"}
    assert differences(SHEET, other, *files) == ["data: ant/1.png changed"]


def test_all_are_told_one_line() -> None:
    sheets = [SHEET, SHEET, SHEET._replace(host="b"), SHEET]
    assert told(sheets, [[], [], [], []]) is None
    many = [str(i) for i in range(8)]
    assert told(sheets, [[], [], many, ["another"]]) == (
        "process 2 on b is not like the first, on a: 0; 1; 2; 3; 4; 5; and 2 more (1 more processes"
        " differ); start all with the same flags, code, packages and data"
    )


def machine(folder: Path, rank: int, port: int, *flags: str) -> subprocess.CompletedProcess[str]:
    """One that is started by hand, as CONTRIBUTING says, with its own code and data."""
    own = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "NODE_RANK": str(rank)}
    data = ["--data", "image-folder", "--data-dir", "images", "--image-size", "8"]
    argv = ["--nodes", "2", "--accelerator", "cpu", "--exp-dir", "../exps", *data, *flags]
    command = ["-m", "project.run", "--model", "mlp", "--tracker", "none", *argv]
    return forks.completed(command, {**os.environ, **own, "PYTHONPATH": str(folder)}, folder)


def test_a_machine_with_other_flags_code_and_data_is_refused_by_all(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name in ("ant", "bee"):
        (tmp_path / "0" / "images" / name).mkdir(parents=True)
        for i in range(10):
            pixels = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "0" / "images" / name / f"{i}.png")
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "project", tmp_path / "0" / "project", ignore=ignored)
    shutil.copytree(tmp_path / "0", tmp_path / "1")
    model = tmp_path / "1" / "project" / "models" / "mlp.py"
    model.write_text(model.read_text().replace("ReLU", "GELU"))
    shutil.copy(tmp_path / "1/images/ant/0.png", tmp_path / "1/images/ant/1.png")
    with socket.socket() as kept:
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        kept.bind(("127.0.0.1", 0))
        port = kept.getsockname()[1]
        own = [[], ["--learning-rate", "0.1"]]
        with ThreadPoolExecutor(2) as threads:
            ended = list(
                threads.map(lambda i: machine(tmp_path / str(i), i, port, *own[i]), (0, 1))
            )
    host = socket.gethostname()
    line = (
        f"error: process 1 on {host} is not like the first, on {host}: --learning-rate is 0.1, not"
        " 0.001; project/models/mlp.py is another; data: ant/1.png changed; start all with the same"
        " flags, code, packages and data\n"
    )
    told = "mlp on image-folder in images, 30 epochs in batches of 128; into ../exps/debug/\n"
    assert [e.stderr for e in ended] == [told + line, line]
    assert [(e.stdout, e.returncode) for e in ended] == [("", 2), ("", 2)]
    assert not (tmp_path / "exps").exists()
