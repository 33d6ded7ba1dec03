"""Data that are no longer what a run was recorded with: which files changed is said first."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from blake3 import blake3
from PIL import Image

from project.provenance.data_changes import differences
from project.reproduction import checks
from project.reproduction.checks import check, explain
from project.reproduction.expected import Recorded
from tests import forks

ROOT = Path(__file__).parents[2]
SMALL = (
    "--model mlp --hidden-dim 4 --max-epochs 1 --tracker none --without reports predictions"
).split()
ENVIRONMENT = {"torch": None, "variables": {}}


def command(folder: Path, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return forks.completed(["-m", f"project.{name}", *arguments], cwd=folder)


@pytest.mark.nightly
def test_one_byte_of_an_image_is_named_before_training(tmp_path: Path) -> None:
    # Outside of git, the code itself is what was recorded.
    shutil.copytree(ROOT / "project", tmp_path / "project", ignore=shutil.ignore_patterns("*.pyc"))
    rng = np.random.default_rng(0)
    for name in ("ant", "bee"):
        (tmp_path / "images" / name).mkdir(parents=True)
        for i in range(10):
            pixels = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "images" / name / f"{i}.bmp")
    data = ["--data", "image-folder", "--data-dir", "images", "--image-size", "8"]
    done = command(tmp_path, "run", "--exp-name", "trial", *data, *SMALL)
    assert done.returncode == 0, done.stderr
    (run,) = (tmp_path / "experiments" / "trial").iterdir()
    changed = tmp_path / "images" / "bee" / "3.bmp"
    content = bytearray(changed.read_bytes())
    content[-1] ^= 1  # of the last pixel
    changed.write_bytes(content)
    # It is where the data are now that counts.
    (tmp_path / "images").rename(tmp_path / "moved")
    done = command(tmp_path, "reproduce", "last", "--strict", "--", "--data-dir", "moved")
    assert done.returncode == 2, done.stderr
    *lines, verdict = done.stdout.splitlines()
    # One image is one thing.
    assert lines == ["now another: data: bee/3.bmp changed"]
    assert verdict == "DIFFERS before training: 1 thing, see above (--strict)"
    assert list((tmp_path / "experiments" / "trial").iterdir()) == [run]


def recorded(manifest: dict[str, str] | None, digest: str, folder: Path = Path(".")) -> Recorded:
    data: dict[str, Any] = {"name": "image-folder", "hash": digest, "classes": [], "counts": {}}
    flags = {"data_dir": str(folder)}
    start = {"generators": {}, "weights": None}
    record = {"data": data, "flags": flags, "environment": ENVIRONMENT, "start": start}
    return Recorded("id", record, None, None, {}, manifest)


def test_files_explain_other_results_where_the_content_is_another() -> None:
    then, now = {"a/1": "A"}, {"a/1": "B"}
    lines = explain(recorded(then, "x"), recorded(now, "y"))
    assert lines == ["data: a/1 changed"]
    # The same content under other names explains nothing.
    assert explain(recorded(then, "x"), recorded({"a/2": "A"}, "x")) == []
    assert explain(recorded(None, "x"), recorded(now, "y")) == ["data: image-folder x -> y"]


@pytest.fixture
def unreadable(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ValueError("the run's data can't be read here: why")

    monkeypatch.setattr(checks, "survey", fail)


def test_data_that_cannot_be_read_are_compared_by_their_files(
    tmp_path: Path, unreadable: Callable[[], None]
) -> None:
    then = {name: blake3(name.encode()).hexdigest() for name in ("a/1", "a/2", "a/3")}
    (tmp_path / "a").mkdir()
    for name in ("a/1", "a/2"):
        (tmp_path / name).write_text(name)
    (tmp_path / "a" / "2").write_text("damaged")
    with pytest.raises(ValueError) as failed:
        check(recorded(then, "x", tmp_path), tmp_path, {})
    assert str(failed.value).splitlines() == [
        "the run's data can't be read here: why",
        "data: a/2 changed",
        "data: a/3 was removed",
    ]
    why = "the run's data can't be read here: why"
    there = "; if they are elsewhere now, add `-- --data-dir FOLDER`"
    for run, line in (
        # All are gone, or the folder is.
        (recorded(then, "x", tmp_path / "gone"), why + there),
        (recorded({"b/1": "B"}, "x", tmp_path), why + there),
        (recorded(None, "x", tmp_path / "gone"), why + there),
        # It knows of no files; the reason is another.
        (recorded(None, "x", tmp_path), why),
    ):
        with pytest.raises(ValueError) as failed:
            check(run, tmp_path, {})
        assert str(failed.value) == line


def test_what_differs_of_data_without_files_is_one_thing() -> None:
    then = {"name": "digits", "hash": "x", "classes": ["a", "b"], "hashes": {"train": "t"}}
    then["counts"] = {"train": {"total": 3}, "val": {"total": 1}}
    now = then | {"hash": "y", "classes": ["a"], "hashes": {"train": "u"}}
    now["counts"] = {"train": {"total": 3}, "val": {"total": 2}}
    assert differences(then, now) == [
        "data: digits x -> y: classes a, b -> a; the content of train changed;"
        " val had 1 samples, has 2"
    ]
    assert differences(then, then | {"classes": []}) == []
