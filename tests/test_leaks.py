"""Leaks from the start to the end of a run: warned of, recorded, scored apart; or refused."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from project.compare import main as compare
from project.main import main
from project.provenance.record import read_record


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Images of two classes; one of the test has trained, one has two labels."""
    folder = tmp_path_factory.mktemp("leaky") / "images"
    rng = np.random.default_rng(0)
    for split, n in (("train", 12), ("test", 5)):
        for label in ("ant", "bee"):
            (folder / split / label).mkdir(parents=True)
            for i in range(n):
                pixels = rng.integers(0, 256, (8, 8, 3), np.uint8)
                Image.fromarray(pixels).save(folder / split / label / f"{i}.png")
    Image.open(folder / "train/bee/0.png").save(folder / "test/bee/9.bmp")
    shutil.copy(folder / "train/ant/0.png", folder / "train/bee/x.png")
    return folder


def argv(folder: Path, *more: str) -> list[str]:
    flags = "--data image-folder --image-size 4 --model mlp --hidden-dim 4 --max-epochs 1"
    places = ["--data-dir", str(folder), "--exp-dir", str(folder.with_name("runs"))]
    # Of these few images the seed decides which are for validation: not those that are twice.
    return [*flags.split(), "--tracker", "none", "--seed", "3", *places, *more]


def test_they_are_refused_before_anything_is_written(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(argv(folder, "--refuse-leaks")) == 2
    _, *lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "error: --refuse-leaks: 1 of 11 test images are also in training"
        " (train/bee/0.png = test/bee/9.bmp)",
        "error: --refuse-leaks: 1 image has more than one label"
        " (train/ant/0.png = train/bee/x.png)",
    ]
    assert not folder.with_name("runs").exists()


def test_they_are_told_recorded_and_scored_apart(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        assert main(argv(folder)) == 0
    out, err = capsys.readouterr()
    assert "warning: 1 of 11 test images are also in training (train/bee/0.png = test/" in err
    assert "warning: 1 image has more than one label (train/ant/0.png = train/bee/x.png); --" in err
    assert "leaks              1 of 11 test images are also in training\n" in out
    assert "leaks              1 image has more than one label\n" in out
    assert " without leaks)" in out
    runs = sorted(folder.with_name("runs").glob("debug/*/"))
    leaks = read_record(runs[0])["data"]["leaks"]
    assert leaks == {
        "pairs": {"train/test": 1, "val/test": 0, "train/val": 0},
        "labels": 1,
        "test": 1,
        "examples": {
            "train/test": ["train/bee/0.png = test/bee/9.bmp"],
            "labels": ["train/ant/0.png = train/bee/x.png"],
        },
    }
    test = json.loads((runs[0] / "outcome.json").read_text())["test"]
    # The image is right or wrong: of 11 with it, of 10 without it.
    right = round(test["test_accuracy"] * 11)
    assert round(test["test_accuracy_without_leaks"] * 10) in (right - 1, right)
    assert {name for name in test if "leaks" in name} >= {"test_loss_without_leaks"}
    # Between two runs nothing differs, and yet it is said.
    page, text = folder.with_name("page.html"), "with two labels: train/test: 1, two labels: 1"
    place = ["--exp-dir", str(folder.with_name("runs"))]
    assert compare([*map(str, runs), *place]) == 0
    assert f"the same images in two splits, or {text}" in capsys.readouterr().out
    assert compare([*map(str, runs), *place, "--html", str(page)]) == 0
    assert f"the same images in two splits, or {text}" in page.read_text()
    capsys.readouterr()
    assert compare(place) == 0
    assert "test_accuracy_without_leaks" in capsys.readouterr().out
