"""`project.tune`: tries what a run begins with, prints its command, and changes nothing else."""

import csv
import json
import shlex
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from project import main, run_directory, tune
from project.cli.shell import python
from project.hyperparameters import Hyperparameters
from project.tuning.asking import asked, command

SMALL = "--data synthetic --model mlp --hidden-dim 8 --exp-name small --tracker none".split()
PLAIN = ["--without", "reports", "predictions", "progress"]


def tuned(capsys: pytest.CaptureFixture[str], folder: Path, *argv: str) -> tuple[int, str, str]:
    capsys.readouterr()
    code = tune.main([*argv, "--exp-dir", str(folder)])
    return code, *capsys.readouterr()


def trained(folder: Path, *argv: str) -> Path:
    assert main.main([*SMALL, *PLAIN, *argv, "--exp-dir", str(folder)]) == 0
    return max(run_directory.runs_below(folder))


def table(folder: Path, action: str) -> list[dict[str, str]]:
    (path,) = (folder / run_directory.TUNING).glob(f"{action}-*.csv")
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def of_training(run: Path) -> tuple[list[Any], dict[str, Any]]:
    """What no time changes: what was logged of each step, and the hashes of the weights."""
    lines = [json.loads(line) for line in (run / run_directory.JOURNAL).read_text().splitlines()]
    told = [(line["step"], line["metrics"].get("train_loss")) for line in lines]
    assert any(loss is not None for _, loss in told)
    outcome = json.loads((run / run_directory.OUTCOME).read_text())
    return told, outcome["checkpoints"]


def test_the_run_after_it_is_the_run_without_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = of_training(trained(tmp_path, "--max-epochs", "2"))
    for argv in (["lr", "--steps", "25"], ["batch-size", "--seconds", "0.01"]):
        assert tuned(capsys, tmp_path, *argv, *SMALL)[0] in (0, 1)
    assert of_training(trained(tmp_path, "--max-epochs", "2")) == before
    assert len([*run_directory.runs_below(tmp_path)]) == 2
    found = {path.name for path in tmp_path.iterdir()}
    assert found == {"small", run_directory.RUNS, run_directory.TUNING, ".runs.csv.lock"}
    kept = sorted((tmp_path / run_directory.TUNING).iterdir())
    assert [path.suffix for path in kept] == [".csv", ".png"] * 2
    for path in kept[1::2]:
        with Image.open(path) as picture:
            assert picture.size == (1000, 600)


def test_the_range_test_does_the_runs_own_steps(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With rates that change no weight its losses are, to the bit, those of such a run."""
    own = ["--dropout", "0.3", "--augment", "flip", "--weight-decay", "0", "--batch-size", "48"]
    run = trained(tmp_path, *own, "--lr", "1e-29", "--schedule", "constant", "--max-steps", "24")
    argv = ["lr", "--lowest", "1e-30", "--highest", "1e-29", "--steps", "24", *SMALL, *own]
    code, out, err = tuned(capsys, tmp_path, *argv)
    assert (code, out) == (1, "") and "nothing" not in err and "does not fall" in err
    lines = [json.loads(line) for line in (run / run_directory.JOURNAL).read_text().splitlines()]
    losses = [line["metrics"]["train_loss"] for line in lines if "train_loss" in line["metrics"]]
    rows = table(tmp_path, "lr")
    assert [float(row["loss"]) for row in rows] == losses and len(losses) == 24
    rates = [float(row["learning_rate"]) for row in rows]
    assert rates == pytest.approx([1e-30 * 10 ** (i / 23) for i in range(24)])


def test_it_prints_the_command_with_the_rate_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["--model", "mlp", "--lr=7", "--tags", "a b", "--learning-rate-scale", "*bias=0.5"]
    code, out, err = tuned(capsys, tmp_path, "lr", *flags)
    assert code == 0 and out.count("\n") == 1
    assert asked(["lr", "--", *flags])[1] == asked(["lr", *flags])[1] == flags
    words = shlex.split(out)
    kept = [word for word in flags if word != "--lr=7"]
    assert words[:-1] == [
        *(python(), "-m", "project.run", *kept, "--exp-dir", str(tmp_path), "--learning-rate")
    ]
    rows = table(tmp_path, "lr")
    best = min(rows, key=lambda row: float(row["smoothed_loss"]))
    assert 1e-3 < float(words[-1]) < float(best["learning_rate"]) < float(rows[-1]["learning_rate"])
    assert "the loss exploded there (4 times the best)" in err
    assert Hyperparameters(learning_rate=float(words[-1])) is not None


def test_a_range_that_only_explodes_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["lr", "--lowest", "1e20", "--highest", "1e30", "--optimizer", "sgd", *SMALL]
    code, out, err = tuned(capsys, tmp_path, *argv)
    assert (code, out) == (1, "") and "try a smaller --lowest" in err
    assert list(tmp_path.iterdir()) == []


def test_batch_sizes_end_with_the_training_split(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["batch-size", "--seconds", "0.01", "--synthetic-samples", "100", *SMALL, "--bs", "7"]
    code, out, err = tuned(capsys, tmp_path, *argv)
    assert code == 0 and [row["batch_size"] for row in table(tmp_path, "batch-size")] == [
        *("8", "16", "32", "64", "70")  # and 20 to test, 10 to validate
    ]
    assert "largest that fits: 70 (all of the training split)" in err
    assert "--bs" not in out and shlex.split(out)[-2] == "--batch-size"


def test_data_in_memory_need_no_workers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = tuned(capsys, tmp_path, "workers", *SMALL)
    assert code == 0 and "the data are in memory" in err
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def pictures(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "pictures"
    for name in ("cat", "dog"):
        (folder / name).mkdir(parents=True)
        for i in range(20):
            Image.new("RGB", (8, 8), (i * 9, 0, 90)).save(folder / name / f"{i}.png")
    yield folder
    shutil.rmtree(folder)


@pytest.mark.nightly
def test_streamed_data_are_read_by_as_many_workers_as_it_takes(
    tmp_path: Path,
    pictures: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("project.provenance.environment.usable_cpus", lambda: 1)
    argv = ["workers", "--data", "image-folder", "--data-dir", str(pictures), "--image-size", "8"]
    argv += ["--memory-limit", "0", "--model", "mlp", "--bs", "8", "--seconds", "0.1"]
    code, out, _ = tuned(capsys, tmp_path, *argv)
    rows = table(tmp_path, "workers")
    assert code == 0 and [row["num_workers"] for row in rows] == ["0", "1"]
    assert all(float(row["samples_per_second"]) > 0 for row in rows)
    assert shlex.split(out)[-2:] == ["--num-workers", "0"]  # two of them wait for each other


def test_a_signal_ends_it_with_its_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any) -> None:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(torch.optim.AdamW, "step", interrupted)
    code, out, err = tuned(capsys, tmp_path, "lr", *SMALL)
    assert (code, out) == (130, "") and err.endswith("interrupted by SIGINT\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "argv, said",
    [
        ("lr --resume last --only-test --checkpoint last", ["--resume: ", "--only-test: "]),
        ("lr --seeds 1 2", ["--seeds: give the --seed of one run"]),
        ("lr --from last", ["--from: there is no run 'last': "]),
        ("lr --lowest 1 --highest 1", ["--lowest 1 is not below --highest 1"]),
        ("workers --steps 30", ["--steps is of lr, not of workers"]),
        ("lr --seconds 1", ["--seconds is of batch-size and workers, not of lr"]),
        ("--steps 30 lr", ["ACTION stands before the flags: "]),
        ("lr --modle mlp", ["unknown flag --modle, did you mean '--model'?"]),
        ("lr --model mpl", ["--model 'mpl' is unknown, did you mean "]),
        ("lr --stps 30", ["unknown flag --stps, did you mean '--steps'?"]),
        (
            "lr --schedules learning_rate=0:1e-3,1:1e-4",
            ["--learning-rate does nothing beside --schedules learning_rate: "],
        ),
        ("batch-size --exp-name _tuning", ["--exp-name '_tuning' is a file's name in --exp-dir"]),
    ],
)
def test_mistakes_are_told_before_anything_is_written(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    argv: str,
    said: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert tune.main(argv.split()) == 2
    output, error = capsys.readouterr()
    lines = error.splitlines()
    assert output == "" and len(lines) == len(said), error
    assert all(line.startswith(f"error: {start}") for line, start in zip(lines, said)), error
    assert list(tmp_path.iterdir()) == []


def test_what_was_said_before_is_replaced() -> None:
    words = ["--lr", "3", "--bs", "8", "--learning-rate=4", "--tags", "--lr", "5"]
    made = command(words, "learning_rate", "0.1")
    assert made == f"{python()} -m project.run --bs 8 --tags --learning-rate 0.1"


@pytest.mark.nightly
@pytest.mark.parametrize(
    "flags",
    ["--model mlp --hidden-dim 512 --dropout 0.3 --label-smoothing 0.1", "--model cnn"],
)
def test_the_rate_found_trains_the_digits_well(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], flags: str
) -> None:
    accuracies = []
    for seed in ("0", "1", "2"):
        own = [*flags.split(), "--exp-name", f"of-{seed}", "--seed", seed, "--tracker", "none"]
        code, out, _ = tuned(capsys, tmp_path, "lr", *own, *PLAIN)
        assert code == 0 and main.main(shlex.split(out)[3:]) == 0
        (run,) = run_directory.runs_in(tmp_path / f"of-{seed}")
        outcome = json.loads((run / run_directory.OUTCOME).read_text())
        accuracies.append(outcome["test"]["test_accuracy"])
    assert sum(accuracies) / 3 >= 0.98, accuracies
