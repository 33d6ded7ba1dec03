"""Courses of settings: curves against NumPy, what they set against a loop of PyTorch alone."""

import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pytorch_lightning import seed_everything
from torch.nn.functional import cross_entropy

from project import data, models
from project.cli.curves import curves
from project.hyperparameters import Hyperparameters
from project.main import main
from project.training.courses import Courses
from project.training.origin import Origin
from project.training.schedules import make_schedule
from tests.test_from import refusal, run
from tests.test_resume import assert_equal_runs, at_step
from tests.test_solver import assert_same_weights, train

ALL = (
    "learning_rate=0:0.1x,0.3:1x,1:1e-4:exponential",
    "momentum=0:0.95,0.5:0.8:cosine,1:0.9",
    "weight_decay=0:0.1,0.6:0.01:step",
    "dropout=0:0.5,1:0",
    "label_smoothing=0.2:0.1,0.8:0:cosine",
)


def test_curves_are_those_of_numpy() -> None:
    """Ten steps of each way from 2 to 8, with the ends' values before and after."""
    words = [f"learning_rate=0.2:2,0.7:8:{kind}" for kind in ("linear", "cosine", "exponential")]
    inside = np.linspace(0.2, 0.7, 10, endpoint=False)
    share = (inside - 0.2) / 0.5
    expected = (
        np.interp(inside, [0.2, 0.7], [2, 8]),
        5 - 3 * np.cos(np.pi * share),
        np.geomspace(2, 8, 11)[:10],
    )
    for word, values in zip(words, expected, strict=True):
        course = curves([word])["learning_rate"].course(1.0)
        np.testing.assert_allclose([course(t) for t in inside], values, rtol=1e-12)
        assert [course(t) for t in (0.0, 0.1, 0.7, 1.0)] == [2, 2, 8, 8]
    step = curves(["dropout=0:0.5x,0.5:0.1:step,0.8:0.3:step"])["dropout"].course(0.4)
    times = (0, 0.49, 0.5, 0.79, 0.8, 1)
    assert [step(t) for t in times] == [0.2, 0.2, 0.1, 0.1, 0.3, 0.3]


def test_known_courses_are_those_of_schedule_to_the_bit() -> None:
    own = {"learning_rate": 0.02, "momentum": 0.8, "warmup_fraction": 0.4}
    both = ("learning_rate=one-cycle", "momentum=one-cycle")
    one, two = (make_schedule(Hyperparameters(schedules=s, **own), 37) for s in ((), both))
    rate_alone = make_schedule(Hyperparameters(schedules=both[:1], **own), 37)
    momentum = ("momentum=0:0.5,1:0.7",)
    other = make_schedule(Hyperparameters(schedules=momentum, schedule="cosine", **own), 37)
    cosine = make_schedule(Hyperparameters(schedule="cosine", **own), 37)
    for step in range(37):
        assert two(step) == one(step)
        assert rate_alone(step) == (one(step)[0], 0.8)
        assert other(step) == (cosine(step)[0], pytest.approx(0.5 + 0.2 * step / 37))


def test_after_from_a_course_goes_on_or_begins_anew() -> None:
    """Of 40 steps the parent did 10: step 25 is at 25 / 40, or halfway of the 30 that are left."""
    flags: dict[str, Any] = {"schedules": ("learning_rate=0:1,1:2",), "from_": "run"}
    at = Origin(1, 10, 0, 0.5, 0.9)
    for kind, expected in (("continue", 1 + 25 / 40), ("restart", 1.5), ("hold", 0.5)):
        schedule = make_schedule(Hyperparameters(from_schedule=kind, **flags), 40, at)
        assert schedule(25) == (expected, 0.9)


def test_all_courses_at_once_train_as_a_loop_does(tmp_path: Path) -> None:
    flags: dict[str, Any] = {"max_epochs": 2, "dropout": 0.3}
    solver, recorder = train(tmp_path, schedules=ALL, **flags)
    hparams = Hyperparameters(model="mlp", hidden_dim=16, data_dir=str(tmp_path), **flags)
    seed_everything(hparams.seed, verbose=False)
    dataset = data.prepare(hparams)
    model = models.build(dataset.shape, 10, hparams)
    loader = dataset.loader("train", hparams)
    dropouts = [m for m in model.modules() if isinstance(m, torch.nn.Dropout)]
    optimizer = torch.optim.AdamW(model.parameters(), fused=True)
    (group,) = optimizer.param_groups
    step, steps = 0, 2 * loader.steps
    for epoch in range(2):
        loader.seek(epoch)
        for batch in (batch for block in loader for batch in block):
            t = step / steps
            rise, fall = t / 0.3, (t - 0.3) / 0.7
            first = 0.1 * 1e-3
            rate = first + (1e-3 - first) * rise if t < 0.3 else 1e-3 * (1e-4 / 1e-3) ** fall
            half = 0.8 + (0.95 - 0.8) / 2 * (np.cos(np.pi * t / 0.5) + 1)
            momentum = half if t < 0.5 else 0.8 + (0.9 - 0.8) * ((t - 0.5) / 0.5)
            decay = 0.1 if t < 0.6 else 0.01
            group |= {"lr": rate, "betas": (float(momentum), 0.999), "weight_decay": decay}
            for dropout in dropouts:
                dropout.p = 0.5 + (0 - 0.5) * t
            middle = 0.1 / 2 * (np.cos(np.pi * (t - 0.2) / (0.8 - 0.2)) + 1)
            smoothing = 0.1 if t < 0.2 else 0.0 if t >= 0.8 else float(middle)
            optimizer.zero_grad()
            outputs = model(batch.inputs)
            losses = cross_entropy(
                outputs, batch.targets, reduction="none", label_smoothing=smoothing
            )
            losses.backward(torch.full_like(losses, 1 / len(losses)))
            optimizer.step()
            step += 1
    for ours, theirs in zip(solver.model.parameters(), model.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-7)
    # What is evaluated has the flag's smoothing, 0, whatever the last step had.
    model.eval()
    with torch.no_grad():
        val = [b for block in dataset.loader("val", hparams) for b in block]
        losses = [cross_entropy(model(b.inputs), b.targets, reduction="none") for b in val]
    assert solver.scores["val_loss"] == pytest.approx(float(torch.cat(losses).mean()), rel=1e-4)
    plain, _ = train(tmp_path, max_epochs=1)
    none, _ = train(tmp_path, max_epochs=1, schedules=("dropout=0:1x", "weight_decay=0:1x"))
    assert_same_weights(none.model, plain.model)


BAD = """max_epochs: 2
dephth: 3
schedules:
  learning_rat: [[0, 0.01]]
  learning-rate: [[0, 0.0], [0.3, 0.1], [0.2, 1x, exponental], [0.25, 1]]
  momentum: onecycle
  dropout: [[0, 1.5],
    [2, 0.1], [1]]
  weight_decay: 0:0,1:1:exponential
"""


def test_bad_curves_are_told_by_file_and_line_all_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(BAD)
    told = refusal(capsys, tmp_path, "--config", str(path))
    assert [line.removeprefix(f"{path}:").partition(": schedules: ")[::2] for line in told[:8]] == [
        (
            "4:3",
            "'learning_rat' has no course, did you mean 'learning_rate'? (choices: learning_rate,"
            " momentum, weight_decay, dropout, label_smoothing)",
        ),
        ("5:19", "learning_rate must be in (0, inf), not 0 (time 0)"),
        (
            "5:41",
            "learning_rate: '0.2:1x:exponental' has no such kind, did you mean 'exponential'?"
            " (choices: linear, cosine, exponential, step)",
        ),
        ("5:64", "learning_rate: time 0.25 comes after 0.3: times must rise"),
        (
            "6:3",
            "momentum: 'onecycle' is neither points nor a course, did you mean 'one-cycle'?"
            " (courses: one-cycle)",
        ),
        ("7:13", "dropout must be in [0, 1), not 1.5 (time 0)"),
        ("8:5", "dropout: '2:0.1' has no time from 0 to 1, a share of all steps"),
        ("8:15", "dropout: '1' is no [TIME, VALUE] or [TIME, VALUE, KIND]"),
    ]
    assert told[8:] == [
        f"{path}:9:17: schedules: weight_decay: exponential needs a point before, and values"
        " above 0",
        f"{path}:2:1: unknown key 'dephth', did you mean 'depth'?",
    ]


def test_curves_that_the_run_can_not_have_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def told(*flags: str) -> list[str]:
        return refusal(capsys, tmp_path, *flags)

    twice = told("--schedules", "dropout=0:0.1", "dropout=0:0.2", "momentum")
    assert twice == [
        "--schedules 'momentum': write NAME=TIME:VALUE,TIME:VALUE or NAME=COURSE",
        "--schedules: dropout has two curves; leave one",
    ]
    assert told("--schedules", "learning_rate=cosine", "dropout=0:20x", "--schedule", "cosine") == [
        "--schedules dropout must be in [0, 1), not 2 (time 0)",
        "--schedule cosine and --schedules learning_rate exclude each other: its course is"
        " --schedules learning_rate=cosine",
    ]
    assert told(
        "--lr", "1", "--dropout", "0", "--schedules", "learning_rate=0:1", "dropout=0:1x"
    ) == [
        "--learning-rate does nothing beside --schedules learning_rate: write values as 1x, so many"
        " times it"
    ]
    (line,) = told("--schedules", "dropout=0:0.1", "--compile")
    assert line.startswith("--schedules dropout and --compile exclude each other")
    (line,) = told("--schedules", "label_smoothing=0:0.1", "--loss", "focal")
    assert line == "--schedules label_smoothing: not defined for --loss focal"
    with pytest.raises(ValueError, match="--from-schedule hold and --schedules dropout exclude"):
        Hyperparameters(schedules=("dropout=0:0.1",), from_schedule="hold", from_="run")
    both = Hyperparameters(schedules=("dropout=0:0.1", "label_smoothing=0:0.1"))
    with pytest.raises(ValueError) as error:
        Courses(both, 10, None, torch.nn.Dropout(0.2), cross_entropy)
    assert str(error.value).splitlines() == [
        "--schedules dropout: --model cnn has no module that drops units with the probability of"
        " --dropout 0.1",
        "--schedules label_smoothing: no term of --loss lets it be set at each step",
    ]
    flags = ("--optimizer", "torch.optim:Rprop", "--schedules", "weight_decay=0:0.1")
    assert told(*flags) == [
        "--schedules weight_decay: the optimizer's groups have no weight_decay to be set"
    ]


def test_config_files_have_curves_in_both_forms(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "curves.yaml"
    path.write_text("schedules:\n  dropout: [[0, 1x], [.5, 0.20, linear]]\n  momentum: one-cycle\n")
    with pytest.raises(SystemExit):
        main(["--config", str(path), "--print-config"])
    printed = capsys.readouterr().out
    assert 'schedules: ["dropout=0:1x,0.5:0.2", "momentum=one-cycle"]\n' in printed
    path.write_text(printed)
    with pytest.raises(SystemExit):
        main(["--config", str(path), "--print-config"])
    assert capsys.readouterr().out == printed


@pytest.mark.nightly
def test_a_resumed_run_has_the_same_courses(tmp_path: Path) -> None:
    flags = "--model mlp --hidden-dim 16 --max-epochs 3 --exp-name resumed --tracker none"
    argv = [*flags.split(), "--without", "reports", "predictions", "--schedules", *ALL]
    straight = run(tmp_path / "straight", *argv)
    with at_step("_optimize", 17, lambda: signal.raise_signal(signal.SIGINT)):
        assert main([*argv, "--exp-dir", str(tmp_path / "again")]) == 130
    assert main(["--resume", "last", "--exp-dir", str(tmp_path / "again")]) == 0
    (again,) = (tmp_path / "again").glob("resumed/2*")
    assert_equal_runs(again, straight)
