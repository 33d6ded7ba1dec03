"""Runs with a recipe: its text goes with them, so that no file is needed afterwards."""

import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest
import torch

from project import compare, export
from project.data import prepare
from project.inference.predictor import Predictor
from project.main import main
from project.tables.parquet import read_columns
from tests import forks
from tests.recipes.making import augmentation
from tests.test_from import read, refusal
from tests.test_resume import assert_equal_runs, at_step, weights

PREPARED = "preprocessing:\n  - resize: [10, 9]\n  - equalize\n"
STEPS = (
    "rotate: {p: 0.5}",
    "group: {depth: [1, 2], of: [crop, brightness, {blur: {p: 0.5}}]}",
    "noise",
)
FLAGS = "--model mlp --hidden-dim 16 --tracker none --without reports --exp-name cooked".split()


def run(exp_dir: Path, *flags: str) -> Path:
    before = set(exp_dir.glob("*/*"))
    assert main([*FLAGS, *flags, "--exp-dir", str(exp_dir)]) == 0
    (directory,) = set(exp_dir.glob("*/*")) - before
    return directory


def test_a_run_needs_no_file_once_it_has_begun(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, text = tmp_path / "a.yaml", PREPARED + augmentation(*STEPS)
    path.write_text(text)
    exp_dir = tmp_path / "runs"
    made = run(exp_dir, "--recipe", str(path), "--max-epochs", "1")
    path.unlink()
    record, outcome = read(made, "record.json"), read(made, "outcome.json")
    assert record["flags"]["recipe"] == f"# file: a.yaml\n{text}"
    assert record["data"]["shape"] == [1, 10, 9]
    told = record["data"]["recipe"]
    assert (told["name"], told["taken"]) == ("a.yaml", [1, 8, 8])
    # Predicted from images as the data set has them.
    predictor = Predictor.load(made)
    assert predictor.shape == (1, 8, 8)
    rows, _ = read_columns(made / "predictions.parquet")
    data = prepare(predictor.hparams)
    found = predictor.probs(data.test.samples.fetch(torch.from_numpy(rows["index"])))
    assert np.array_equal(found.argmax(1).numpy(), rows["prediction"])
    # Tested again, with the recipe that the checkpoint has.
    again = run(exp_dir, "--only-test", "--checkpoint", made.name)
    assert read(again, "outcome.json")["test"] == outcome["test"]
    # Gone on from with the same preparation alone.
    path.write_text(augmentation("flip"))
    more = "--from", made.name, "--max-epochs", "2", "--recipe", str(path)
    (line,) = refusal(capsys, exp_dir, *more)
    assert "was trained on images that were prepared otherwise" in line
    path.write_text(PREPARED + augmentation("flip"))
    further = run(exp_dir, *more)
    told = capsys.readouterr().err
    assert "--recipe a.yaml (" in told and "(was a.yaml (" in told
    assert compare.main(["--exp-dir", str(exp_dir), made.name, further.name]) == 0
    shown = [line for line in capsys.readouterr().out.splitlines() if line.startswith("recipe")]
    assert shown and shown[0].count("a.yaml (") == 2


def test_what_is_wrong_with_a_recipe_is_told_before_a_run_is_opened(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, exp_dir = tmp_path / "a.yaml", tmp_path / "runs"
    path.write_text("augmentation:\n  - rotat\n  - group: {of: [flip], dept: 2}\n")
    told = refusal(capsys, exp_dir, *FLAGS, "--recipe", str(path))
    assert [line.split(": ")[0] for line in told] == ["a.yaml:2", "a.yaml:3"]
    (line,) = refusal(capsys, exp_dir, *FLAGS, "--recipe", str(tmp_path / "b.yaml"))
    assert line.endswith(f"b.yaml': there is no such file, did you mean {str(path)!r}?")
    path.write_text(augmentation("mixup"))
    (line,) = refusal(capsys, exp_dir, *FLAGS, "--recipe", str(path), "--loss", "focal")
    assert line.startswith("a.yaml:2: it mixes labels, which --loss focal can't take")
    (line,) = refusal(capsys, exp_dir, *FLAGS, "--recipe", str(path), "--augment", "flip")
    assert line.startswith("--augment and --recipe exclude each other")


@pytest.mark.nightly
def test_a_stop_within_an_epoch_changes_nothing(tmp_path: Path) -> None:
    path, flags = tmp_path / "a.yaml", "--batch-size 32 --max-epochs 3 --exp-name resumed".split()
    path.write_text(PREPARED + augmentation(*STEPS, "one-of: [mixup, cutmix]"))
    whole = run(tmp_path / "whole", "--recipe", str(path), *flags)
    arguments = [*FLAGS, *flags, "--recipe", str(path), "--exp-dir", str(tmp_path / "cut")]
    with at_step("_optimize", 46, lambda: os.kill(os.getpid(), signal.SIGINT)):
        assert main(arguments) == 130
    path.unlink()
    assert main(["--resume", "last", "--exp-dir", str(tmp_path / "cut")]) == 0
    (cut,) = (tmp_path / "cut").glob("*/*")
    assert_equal_runs(cut, whole)


@pytest.mark.nightly
def test_processes_train_on_the_same_images(tmp_path: Path) -> None:
    """Sums in another order round otherwise, and that alone differs."""
    (tmp_path / "a.yaml").write_text(PREPARED + augmentation(*STEPS, "mixup"))
    flags = "--recipe a.yaml --dropout 0 --batch-size 50 --max-epochs 2 --accelerator cpu".split()
    found = []
    for n in (1, 2, 3):
        words = [*FLAGS, *flags, "--exp-dir", f"on{n}", "--devices", str(n)]
        done = forks.completed(["-m", "project.run", *words], dict(os.environ), tmp_path)
        assert done.returncode == 0, done.stderr
        (made,) = (tmp_path / f"on{n}").glob("*/*/outcome.json")
        loss = json.loads(made.read_text())["test"]["test_loss"]
        found.append((weights(made.parent, "last.pt"), loss))
    (expected, loss), *others = found
    for own, other in others:
        assert other == pytest.approx(loss, abs=1e-4)
        for name, tensor in expected.items():
            torch.testing.assert_close(own[name], tensor, rtol=1e-3, atol=1e-4, msg=name)


@pytest.mark.nightly
def test_an_exported_file_prepares_images_itself(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(f"{PREPARED}  - pad: 1\n  - crop: 9\n")
    made = run(tmp_path / "runs", "--recipe", str(path), "--max-epochs", "3")
    path.unlink()
    assert export.main([str(made), "--output", str(tmp_path / "out")]) == 0
    proof = json.loads((tmp_path / "out" / "proof.json").read_text())
    assert all(batch["wrong"] == batch["changed"] == 0 for batch in proof["batches"])


@pytest.mark.nightly
def test_a_run_with_a_recipe_is_reproduced_without_its_file(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(PREPARED + augmentation(*STEPS, "mixup"))
    made = run(tmp_path / "runs", "--recipe", str(path), "--max-epochs", "2")
    path.unlink()
    words = ["-m", "project.reproduce", made.name, "--exp-dir", str(tmp_path / "runs")]
    done = forks.completed(words, dict(os.environ), tmp_path)
    assert done.returncode == 0 and "REPRODUCED bit for bit" in done.stdout, done.stderr
