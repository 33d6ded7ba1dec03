"""Which task a run has, and what does not serve it, told from sources alone."""

import importlib
from collections.abc import Callable
from pathlib import Path

import pytest

from project import plugs
from project.hyperparameters import Hyperparameters
from project.plugs.serving import misfits, served, task_of

Write = Callable[[str, str], None]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Puts a module where the person stands; none of them can be imported."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))

    def file(name: str, text: str) -> None:
        (tmp_path / f"{name}.py").write_text(f"{text}\nraise AssertionError\n")
        importlib.invalidate_caches()

    return file


USUAL = {"task": None, "data": "digits", "model": "cnn", "loss": "mine:loss", "metric": ()}


def test_the_task_is_the_data_sets_first() -> None:
    assert task_of(USUAL) == "classification"
    assert task_of(USUAL | {"data": "shapes"}) == "segmentation"
    assert task_of(USUAL | {"data": "shapes", "task": "classification"}) == "classification"


def test_every_plug_of_the_package_serves_tasks_that_there_are() -> None:
    for kind in ("data", "model", "loss"):
        for name in plugs.names(kind):
            assert set(served(kind, name) or ()) <= {"any", *plugs.names("task")}, (kind, name)


@pytest.mark.parametrize(
    "more, said",
    [
        ({}, []),
        (
            {"data": "shapes"},
            [
                "model cnn serves classification, not segmentation (of --data shapes): --model"
                " hrnet or unet"
            ],
        ),
        (
            {"data": "shapes", "model": "torchvision:resnet18"},
            [
                "model torchvision:resnet18 serves classification, not segmentation (of --data"
                " shapes): torchvision:"
            ],
        ),
        (
            {"model": "unet"},
            [
                "model unet serves segmentation, not classification (of --data digits): --model cnn"
                " or hrnet or mlp or resnet, or --data digits-segmentation or "
            ],
        ),
        (
            {"data": "shapes", "model": "unet", "task": "classification"},
            [
                "--data shapes is for segmentation, not --task classification: leave --task out",
                "model unet serves segmentation, not classification (of --task classification): ",
            ],
        ),
        (
            {"task": "segmentation", "model": "unet"},
            [
                "--data digits is for classification, not --task segmentation: leave --task out, or"
                " give --data digits-segmentation or "
            ],
        ),
        ({"data": "gone"}, []),  # told elsewhere
        ({"task": "gone"}, []),
    ],
)
def test_what_does_not_serve_the_task_gets_a_line_each(more: dict, said: list[str]) -> None:
    found = misfits(USUAL | more)
    assert len(found) == len(said), found
    assert all(line.startswith(start) for line, start in zip(found, said, strict=True)), found


def test_it_is_told_with_all_other_mistakes_of_flags() -> None:
    with pytest.raises(ValueError, match="model cnn serves classification") as caught:
        Hyperparameters(data="shapes", val_fraction=0.6, test_fraction=0.6)
    assert "--val-fraction and --test-fraction" in str(caught.value)


def test_what_is_from_outside_serves_any_task_unless_it_says_which(write: Write) -> None:
    write("silent", "class Net: ...")
    write("telling", "TASKS: tuple = (\n    'segmentation',\n    \"mine:Task\",\n)\nclass Net: ...")
    write("mine", "class Task:\n    name = 'dots'")
    write("alike", "LIKE = 'segmentation'\nclass Task: ...")
    write(
        "counts", "class One:\n    tasks = ('dots',)\n\nclass Two:\n    tasks = ['classification']"
    )
    assert misfits(USUAL | {"data": "shapes", "model": "silent:Net"}) == []
    assert misfits(USUAL | {"data": "shapes", "model": "telling:Net"}) == []
    (line,) = misfits(USUAL | {"model": "telling:Net"})
    assert line.startswith("model telling:Net serves segmentation and mine:Task, not classificat")
    # All of the package is left to the blank pass.
    assert misfits(USUAL | {"task": "mine:Task", "metric": ("counts:One",)}) == []
    (line,) = misfits(USUAL | {"task": "mine:Task", "metric": ("counts:Two",)})
    assert line.startswith("metric counts:Two serves classification, not mine:Task")
    alike = USUAL | {"task": "alike:Task", "data": "shapes", "model": "unet"}
    assert misfits(alike) == []
    (line,) = misfits(alike | {"model": "cnn"})
    assert line.startswith("model cnn serves classification, not alike:Task")
    write("far", "TASKS = ['no_such:Task']\nload = 1")
    (line,) = misfits(USUAL | {"data": "far:load"})
    assert line.startswith("--data far:load: --task 'no_such:Task': there is no module no_such")
