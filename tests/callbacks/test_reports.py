"""Reports: which evaluation's pictures stand in the run's directory, and who draws them when."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from project.callbacks import reports
from project.callbacks.reports import Reports
from project.training.extremes import Ends, Extreme
from project.values import Example, Prediction


class Task:
    """Writes what it is asked to draw."""

    drawn = ""

    def report(self, tables: dict[str, Any], folder: Path, of: str) -> None:
        (folder / "report").write_text(f"{of} {tables['a']}")

    def restored(self, kept: torch.Tensor) -> Prediction:
        return Prediction(int(kept))

    def looked_up(self, prediction: Prediction, example: Any) -> Prediction:
        return prediction

    def show(self, shown: list[Any], title: list[str], path: Path) -> None:
        pairs = " ".join(f"{seen.index}:{said.value}" for seen, said in shown)
        path.write_text(f"{title[0]} {pairs}")


def solver(step: int) -> SimpleNamespace:
    both = [[Extreme(0.5, i, torch.tensor(step)) for i in some] for some in ((4, 2), (7,))]
    tables, ends = {"a": step}, Ends(*both)
    of = {"tables": dict.fromkeys(("val", "test"), tables)}
    of["ends"] = dict.fromkeys(("val", "test"), ends)
    return SimpleNamespace(task=Task(), step=step, **of)


def example(split: str, index: int) -> Example:
    return Example(index, np.zeros((1, 1), np.uint8), 0)


def read(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir() if path.is_file()}


def trained(
    run: Path, best: dict[int, int], clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    """Of four epochs of ten steps, what stands after each and at the end.

    Args:
        run: the directory.
        best: the step of the best epoch, after each step.
        clock: what the time is after each epoch, in seconds.
    """
    checkpoints: Any = SimpleNamespace(best=None)
    callback, found = Reports(run, example, checkpoints), []
    monkeypatch.setattr(reports.time, "monotonic", lambda: now)
    now, trainer = 0.0, SimpleNamespace(is_global_zero=True, current_epoch=0)
    callback.on_train_start(trainer, solver(0))
    for epoch, now in enumerate(clock):
        trainer.current_epoch, step = epoch, 10 * (epoch + 1)
        checkpoints.best = {"step": best[step]} if step in best else None
        callback.on_validation_end(trainer, solver(step))
        path = run / "figures" / "validation" / "report"
        found.append(path.read_text() if path.exists() else "")
    callback.on_train_end(trainer, solver(40))
    return [*found, path.read_text()]


def test_the_latest_validation_is_drawn_and_at_the_end_the_best(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    best = {10: 10, 20: 20, 30: 20, 40: 20}
    found = trained(tmp_path, best, [6, 12, 18, 24], monkeypatch)
    steps = [1, 2, 3, 4, 2]
    assert found == [f"validation after epoch {n}, step {n}0 {n}0" for n in steps]
    assert read(tmp_path / "figures" / "validation") == {
        "report": "validation after epoch 2, step 20 20",
        "examples_best.png": "validation after epoch 2, step 20: best 2, best first 4:20 2:20",
        "examples_worst.png": "validation after epoch 2, step 20: worst 1, worst first 7:20",
    }


def test_short_epochs_draw_once_and_a_run_that_goes_on_without_a_better_one_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = trained(
        tmp_path, dict.fromkeys((10, 20, 30, 40), 5), [0.1, 0.2, 4.9, 4.95], monkeypatch
    )
    assert found == ["", "", "", "", "validation after epoch 4, step 40 40"]


def test_the_test_is_drawn_by_the_first_process_alone(tmp_path: Path) -> None:
    other = SimpleNamespace(is_global_zero=False)
    callback = Reports(tmp_path, example)
    callback.on_validation_end(other, solver(3))
    callback.on_train_end(other, solver(3))
    callback.on_test_end(other, solver(3))
    assert not list(tmp_path.iterdir())
    callback.on_test_end(SimpleNamespace(is_global_zero=True), solver(3))
    assert read(tmp_path / "figures") == {
        "report": "test 3",
        "examples_best.png": "test: best 2, best first 4:3 2:3",
        "examples_worst.png": "test: worst 1, worst first 7:3",
    }
