"""The main job as a person runs it: what it prints, what it leaves behind, what it refuses."""

import csv
import json
import math
import os
import re
import subprocess
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.metrics import accuracy_score, f1_score

from project import data, metrics, models, verify
from project.callbacks.predictions import MOST_PICTURES
from project.cli.flags import parse
from project.cli.seeds import without_seeds
from project.hyperparameters import Hyperparameters
from project.main import main
from project.metrics.accuracy import Accuracy
from project.plan import make_plan
from project.processes import seeds
from project.provenance.find import find_run
from project.provenance.proof import check_scores
from project.scores import better
from project.tables.parquet import read_columns
from project.tasks.classification import Classification
from project.training import checkpoint
from project.values import Prediction
from project.words.sizes import size_text
from tests import forks

ROOT = Path(__file__).parents[1]
WHOLE = "--model mlp --hidden-dim 16 --max-epochs 2 --tracker none --exp-name small".split()
# Half of the work, which only the test of the whole directory looks at.
SMALL = [*WHOLE, "--without", "reports", "predictions"]


class Result(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Runs the command in this process, with runs below tmp_path."""

    def run(*argv: str) -> Result:
        code = main([*argv, "--exp-dir", str(tmp_path / "runs")])
        return Result(code, *capsys.readouterr())

    return run


def runs(tmp_path: Path) -> list[Path]:
    return sorted(p.parent for p in (tmp_path / "runs").glob("*/*/record.json"))


def rows(tmp_path: Path) -> list[dict[str, str]]:
    with open(tmp_path / "runs" / "runs.csv", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    exp_dir = tmp_path_factory.mktemp("finished")
    assert (
        main(
            [*WHOLE, "--exp-dir", str(exp_dir), "--description", "a small one", "--tags", "x", "y"]
        )
        == 0
    )
    (directory,) = (exp_dir / "small").iterdir()
    return directory


def test_a_run_leaves_a_complete_directory(finished: Path) -> None:
    record, outcome = (
        json.loads((finished / f"{n}.json").read_text()) for n in ("record", "outcome")
    )
    assert record["flags"]["hidden_dim"] == 16 and record["flags"]["tags"] == ["x", "y"]
    assert record["command"].startswith("python -m project.run --model mlp")
    counts = {name: part["total"] for name, part in record["data"]["counts"].items()}
    assert sum(counts.values()) == 1797  # all of scikit-learn's digits
    assert record["data"]["classes"] == list("0123456789")
    assert record["data"]["hash"].startswith("blake3:")
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True
    ).stdout.strip()
    assert record["code"]["sha"] == (head or None)
    assert outcome["status"] == "finished" and outcome["run_id"] == finished.name
    steps = 2 * math.ceil(counts["train"] / 128)
    assert outcome["steps"] == steps
    assert set(outcome["checkpoints"]) == {"best.pt", "last.pt"}
    for name in (
        "figures/confusion_matrix.png",
        "figures/calibration.png",
        "figures/uncertainty.png",
        "figures/validation/uncertainty.png",
        "metrics.csv",
        "requirements.lock",
    ):
        assert (finished / name).stat().st_size > 0, name


def test_the_test_scores_are_scikit_learns_on_the_best_checkpoint(finished: Path) -> None:
    """Nothing of the solver or the metrics is used: the checkpoint, the data and scikit-learn."""
    state = checkpoint.load(finished / "checkpoints" / "best.pt")
    hparams = Hyperparameters.from_values(state["hyperparameters"])
    model = models.build(tuple(state["shape"]), len(state["classes"]), hparams).eval()
    model.load_state_dict(state["model"])
    dataset = data.prepare(hparams)
    test = dataset.test
    pixels = test.samples.fetch(test.indices).float() / 255
    mean, std = (torch.tensor(state[k]).view(1, -1, 1, 1) for k in ("mean", "std"))
    with torch.no_grad():
        logits = model((pixels - mean) / std)
    targets, preds = test.targets.numpy(), logits.argmax(1).numpy()
    scores = json.loads((finished / "outcome.json").read_text())["test"]
    assert scores["test_accuracy"] == accuracy_score(targets, preds)
    assert scores["test_f1_macro"] == f1_score(targets, preds, average="macro")
    loss = torch.nn.functional.cross_entropy(logits.double(), test.targets).item()
    assert scores["test_loss"] == pytest.approx(loss, rel=1e-5)
    assert_pictures_are_of_an_argsort(finished, dataset, logits)
    assert_each_sample_is_told(finished, dataset, logits)


def assert_pictures_are_of_an_argsort(run: Path, dataset: data.Data, logits: torch.Tensor) -> None:
    """The pictures of the best and the worst 16, drawn anew from all predictions."""
    test, probs = dataset.test, logits.softmax(1).numpy()
    badness = 1 - probs[np.arange(len(probs)), test.targets.numpy()]
    task = Classification(dataset.shape, dataset.classes)
    for end, values in (("best", badness), ("worst", -badness)):
        order = np.lexsort((test.indices.numpy(), values))[:16]
        seen = [dataset.example("test", int(test.indices[i])) for i in order]
        said = [Prediction(int(probs[i].argmax()), probs[i]) for i in order]
        shown = list(zip(seen, said, strict=True))
        task.show(shown, [f"test: {end} 16, {end} first"], run.parent / "again.png")
        written = run / "figures" / f"examples_{end}.png"
        assert (run.parent / "again.png").read_bytes() == written.read_bytes()
        assert (run / "figures" / "validation" / written.name).exists()


def assert_each_sample_is_told(run: Path, dataset: data.Data, logits: torch.Tensor) -> None:
    """The table of predictions is what NumPy makes of the logits; of wrong ones the pictures."""
    found, about = read_columns(run / "predictions.parquet")
    assert about == {
        "split": "test",
        "run_id": run.name,
        "task": "classification",
        "classes": list(dataset.classes),
    }
    order = dataset.test.indices.argsort()
    probs, targets = logits[order].softmax(1).double().numpy(), dataset.test.targets[order].numpy()
    assert found["index"].tolist() == dataset.test.indices[order].tolist()
    assert found["target"].tolist() == targets.tolist()
    assert found["prediction"].tolist() == probs.argmax(1).tolist()
    own = probs[np.arange(len(probs)), targets]
    entropy = -(probs * np.log(probs)).sum(1) / np.log(10)
    expected = {"probs": probs, "prob": probs.max(1), "prob_true": own, "entropy": entropy}
    for name, values in (expected | {"loss": -np.log(own)}).items():
        np.testing.assert_allclose(found[name], values, rtol=1e-5, atol=1e-7, err_msg=name)
    assert set(found["path"]) == {None}
    wrong = found["target"] != found["prediction"]
    pictured = np.array([picture is not None for picture in found["picture"]])
    assert pictured.sum() == min(MOST_PICTURES, wrong.sum()) and wrong[pictured].all()
    first = int(np.flatnonzero(pictured)[0])
    with Image.open(BytesIO(found["picture"][first])) as image:
        seen = dataset.example("test", int(found["index"][first])).image
        assert np.array_equal(np.asarray(image), seen)


def test_each_score_from_counts_is_scikit_learns_of_the_written_matrix(finished: Path) -> None:
    # Four of the whole; precision, recall and F1 of ten classes and in two averages.
    compared, differing = check_scores(finished)
    assert (len(compared), differing) == (4 + 3 * (10 + 2), [])


def test_the_best_checkpoint_is_of_the_best_epoch(finished: Path) -> None:
    values = {}
    for line in (finished / "journal.jsonl").read_text().splitlines():
        entry = json.loads(line)
        if "val_loss" in entry["metrics"]:
            values[entry["epoch"]] = entry["metrics"]["val_loss"]
    best = json.loads((finished / "outcome.json").read_text())["best"]
    assert len(values) == 2
    assert best["value"] == min(values.values()) == values[best["epoch"]]


class WonLoss(Accuracy):
    """A person's own score, of which more is better, whatever its name sounds like."""

    def score(self, totals: Any) -> dict[str, Any]:
        return {"won_loss": super().score(totals)["accuracy"]}


@pytest.mark.parametrize("monitor", ["val_precision/gloss", "val_won_loss"])
def test_which_way_is_better_is_declared_and_recorded(
    run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, monitor: str
) -> None:
    """Classes are named as losses are, and so is a metric; the best epoch is that of the most."""
    usual = metrics.families()
    monkeypatch.setattr(metrics, "families", lambda task: [*usual, WonLoss])
    rng = np.random.default_rng(1)
    for label in ("gloss", "loss", "error", "brier"):
        (tmp_path / "images" / label).mkdir(parents=True)
        for i in range(12):
            pixels = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "images" / label / f"{i}.png")
    flags = "--data image-folder --image-size 8 --model mlp --hidden-dim 8 --tracker none".split()
    flags += "--val-fraction 0.3 --learning-rate 0.05 --max-epochs 9 --batch-size 8".split()
    place = ["--data-dir", str(tmp_path / "images"), "--early-stopping", "4"]
    result = run(*flags, *place, "--monitor", monitor)
    assert result.code == 0, result.err
    # 12 of each class: 2 are for the test, 4 for validation.
    assert 'classes: brier 6, error 6, gloss 6, loss 6 (always "brier": 0.250)\n' in result.err
    assert "note: only 3 steps an epoch (24 samples by 8); --batch-size 2 gives 12\n" in result.err
    (directory,) = runs(tmp_path)
    entries = map(json.loads, (directory / "journal.jsonl").read_text().splitlines())
    values = [e["metrics"][monitor] for e in entries if monitor in e["metrics"]]
    best = json.loads((directory / "outcome.json").read_text())["best"]
    assert best["value"] == max(values) > min(values)
    assert best["epoch"] == values.index(max(values))
    # Ends four epochs after the best, or by the ninth.
    assert len(values) == min(best["epoch"] + 1 + 4, 9)
    scores = json.loads((directory / "record.json").read_text())["scores"]
    assert (scores["won_loss"], scores["precision"], scores["loss"]) == ("max", "max", "min")
    assert scores["roc_auc_error_bound"] is None
    # Every score that was reported has its line.
    test = json.loads((directory / "outcome.json").read_text())["test"]
    named = (*best["metrics"], *test)
    names = [name for name in named if not name.endswith(("_error_bound", "_mean_entropy"))]
    assert all(better(scores, name) in ("min", "max") for name in names)
    assert find_run(tmp_path / "runs", f"best:{monitor}") == directory


def test_every_step_is_logged(finished: Path) -> None:
    with open(finished / "metrics.csv", newline="") as file:
        table = list(csv.DictReader(file))
    losses = {int(row["step"]): float(row["train_loss"]) for row in table if row["train_loss"]}
    steps = json.loads((finished / "outcome.json").read_text())["steps"]
    assert sorted(losses) == list(range(1, steps + 1))
    assert all(np.isfinite(list(losses.values())))
    for name in (
        "learning_rate",
        "grad_norm",
        "samples_per_second",
        "val_accuracy",
        "test_accuracy",
    ):
        assert any(row[name] for row in table), name


def test_the_end_says_where_and_how_to_compare(run, tmp_path: Path) -> None:
    result = run(*SMALL, "--fast-dev-run")
    assert result.code == 0
    (directory,) = runs(tmp_path)
    assert str(directory) in result.out
    assert re.search(r"\ncompare it:\n  \S*python\S* -m project\.compare ", result.out)
    assert "project.serve" not in result.out  # which knows nothing of a run that was not sent
    assert "accuracy" in result.out
    assert "\x1b" not in result.out  # plain, as it isn't a terminal


def test_runs_csv_gains_rows_and_columns(run, tmp_path: Path) -> None:
    assert run(*SMALL, "--fast-dev-run").code == 0
    assert run(*SMALL, "--fast-dev-run", "--seed", "3").code == 0
    first, second = rows(tmp_path)
    assert (first["seed"], second["seed"]) == ("0", "3")
    assert first["status"] == second["status"] == "finished"
    assert first["run_id"] != second["run_id"]


def test_the_same_flags_give_the_same_numbers_whatever_is_kept(run, tmp_path: Path) -> None:
    flags = (*SMALL, "--dropout", "0.5")
    results = [run(*flags), run(*flags, "--keep", "last", "--no-keep-optimizer")]
    assert [result.code for result in results] == [0, 0]
    directories = runs(tmp_path)
    first, second = (json.loads((d / "outcome.json").read_text()) for d in directories)
    assert first["test"] == second["test"] and first["best"] == second["best"]
    assert first["weights"] == second["weights"] and len(first["weights"]) == 2
    (whole, part), shown = (
        [d / "checkpoints/last.pt" for d in directories],
        [re.search("kept  +(.*)", result.out)[1] for result in results],
    )
    # AdamW has two numbers for each weight, and a step for each tensor.
    weights = torch.load(part, weights_only=True)["model"].values()
    state = sum(2 * tensor.nbytes + 4 for tensor in weights)
    sizes = [path.stat().st_size for path in (whole.with_name("best.pt"), whole, part)]
    assert abs(sizes[1] - sizes[2] - state) < 0.2 * state + 20_000
    best, all_of_it, less = map(size_text, sizes)
    of_it = f"last.pt {all_of_it} ({size_text(state)} of it the optimizer's state)"
    assert shown == [f"best.pt {best}, {of_it}", f"last.pt {less}, not best.pt"]
    assert [path.name for path in part.parent.iterdir()] == ["last.pt"]
    refused = run("--only-test", "--checkpoint", directories[1].name)
    assert refused.code == 2 and "has not kept best.pt (--keep last)" in refused.err
    faults = verify.examine(directories[1])
    assert faults.faults == []
    assert "the weights of best.pt, which the run has not kept" in faults.unchecked


def test_a_checkpoint_is_tested_without_a_flag(finished: Path, run, tmp_path: Path) -> None:
    result = run("--only-test", "--checkpoint", str(finished / "checkpoints" / "best.pt"))
    assert result.code == 0, result.err
    first, *_ = result.err.splitlines()
    assert first.startswith("testing ") and first.endswith("; into " + f"{tmp_path}/runs/debug/")
    counts = "1,259 train, 179 val, 359 test"
    assert f": mlp on digits; {counts}; on cpu\nclasses: 10 of " in result.err
    # Of 359 digits in the test 36 are of the class that is most frequent in training.
    assert 'baseline           test 0.1003  (always "1")\n' in result.out
    (directory,) = runs(tmp_path)
    ours, reference = (json.loads((d / "outcome.json").read_text()) for d in (directory, finished))
    assert ours["test"] == reference["test"]
    assert ours["steps"] == 0


def test_a_run_without_a_test_is_the_same_and_is_tested_later(
    finished: Path, run, tmp_path: Path
) -> None:
    """As trials of a search are: nobody has seen test scores by which one could be chosen."""
    result = run(*WHOLE, "--without", "test")
    assert result.code == 0, result.err
    (directory,) = runs(tmp_path)
    ours, reference = (json.loads((d / "outcome.json").read_text()) for d in (directory, finished))
    assert ours["test"] is None and ours["status"] == "finished"
    assert (ours["best"], ours["weights"]) == (reference["best"], reference["weights"])
    assert "test_" not in (directory / "journal.jsonl").read_text()
    assert not [name for name in ours["files"] if name.startswith("predictions")]
    (row,) = rows(tmp_path)
    assert not [name for name in row if name.startswith("test_") and name != "test_fraction"]
    assert verify.examine(directory).faults == []
    assert run("--only-test", "--checkpoint", directory.name).code == 0
    (tested,) = set(runs(tmp_path)) - {directory}
    assert json.loads((tested / "outcome.json").read_text())["test"] == reference["test"]
    refused = run("--only-test", "--checkpoint", directory.name, "--without", "test")
    assert refused.code == 2 and "exclude each other: nothing would be done" in refused.err


def test_a_run_given_as_the_checkpoint_is_recorded_by_its_id(finished: Path) -> None:
    for more in (["--only-test"], []):
        arguments = parse(["--checkpoint", "last", "--exp-dir", str(finished.parents[1]), *more])
        plan = make_plan(arguments)
        # What is last is another run, once there is this one.
        assert plan.hparams.checkpoint == plan.given["checkpoint"] == finished.name
        assert plan.source == finished / "checkpoints" / "best.pt"


def test_all_seeds_begin_with_the_same_checkpoint(
    finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def seen(_seeds: object, words: list[str], _short_ids: object) -> int:
        each = parse([*without_seeds(words), "--seed", "1"], {})
        assert each.hparams.checkpoint == finished.name
        return 7

    monkeypatch.setattr(seeds, "run_each", seen)
    flags = ["--checkpoint", "last", "--exp-dir", str(finished.parents[1])]
    assert main([*flags, "--seeds", "1", "2"]) == 7


@pytest.mark.parametrize("precision, accumulate", [("bf16-mixed", 1), ("32", 4)])
def test_options_of_the_step_train(run, tmp_path: Path, precision: str, accumulate: int) -> None:
    flags = f"--precision {precision} --accumulate {accumulate} --gradient-clip 0.5 --optimizer sgd"
    flags += " --learning-rate 0.1 --schedule cosine --label-smoothing 0.1 --max-steps 7"
    assert run(*SMALL, *flags.split()).code == 0
    (directory,) = runs(tmp_path)
    outcome = json.loads((directory / "outcome.json").read_text())
    assert outcome["steps"] == 7
    assert outcome["test"]["test_accuracy"] > 0.1


def test_overfitting_a_batch_reaches_no_error(run, tmp_path: Path) -> None:
    flags = "--overfit-batches 1 --batch-size 32 --max-epochs 60 --dropout 0".split()
    flags += ["--learning-rate", "0.01"]
    assert run(*SMALL, *flags).code == 0
    (directory,) = runs(tmp_path)
    assert (
        json.loads((directory / "outcome.json").read_text())["best"]["metrics"]["val_accuracy"]
        == 1.0
    )


def test_a_diverging_loss_ends_the_run_with_its_step(run, tmp_path: Path) -> None:
    flags = "--optimizer sgd --learning-rate 1e30 --schedule constant".split()
    result = run(*SMALL, *flags)
    assert result.code == 1
    (directory,) = runs(tmp_path)
    outcome = json.loads((directory / "outcome.json").read_text())
    assert outcome["status"] == "failed"
    for text in ("training loss is", "at step", "learning rate 1e+30", "samples ["):
        assert text in outcome["error"] and text in result.err
    assert "Traceback" not in result.err
    assert "compare" not in result.out  # there is nothing good to compare


def truncated(path: Path, target: Path) -> Path:
    target.write_bytes(path.read_bytes()[:1000])
    return target


def malicious(target: Path) -> Path:
    class Evil:
        def __reduce__(self):
            return (os.system, (f"touch {target}.executed",))

    torch.save({"model": Evil()}, target)
    return target


def test_bad_checkpoints_are_refused(finished: Path, run, tmp_path: Path) -> None:
    good = finished / "checkpoints" / "best.pt"
    bad = {
        truncated(good, tmp_path / "cut.pt"): "cut off",
        malicious(tmp_path / "evil.pt"): "more than tensors",
    }
    for path, reason in bad.items():
        result = run("--only-test", "--checkpoint", str(path))
        assert result.code == 2
        assert reason in result.err and str(path) in result.err
        assert len(result.err.splitlines()) == 2  # what was to be done, and why not
    assert not (tmp_path / "evil.pt.executed").exists()
    result = run("--checkpoint", str(good), "--model", "cnn")
    assert result.code == 2 and "another model" in result.err
    assert not runs(tmp_path)


def test_what_can_not_be_is_refused_in_a_line(run, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    for argv, text in (
        (["--resume", "last"], "no run"),
        (["--only-test", "--checkpoint", "nothing"], "nothing"),
        (["--data", "image-folder", "--data-dir", str(tmp_path / "none")], str(tmp_path / "none")),
        (["--monitor", "val_acuracy", "--fast-dev-run"], "did you mean 'val_accuracy'"),
        (["--monitor", "val_roc_auc_error_bound"], "neither more nor less of it is better"),
        (["--accelerator", "gpu"], "--accelerator gpu"),
        (["--model", "torchvision:resnet19"], "resnet18"),
    ):
        result = run(*argv)
        assert result.code == 2, argv
        assert text in result.err, (argv, result.err)
        assert "Traceback" not in result.err
        assert not runs(tmp_path)
    blocked = main(["--exp-dir", str(file / "below")])
    assert blocked == 2


def test_two_runs_at_once_do_not_collide(tmp_path: Path) -> None:
    argv = ["-m", "project.run", *SMALL, "--fast-dev-run", "--exp-dir", tmp_path / "runs"]
    started = [forks.python(argv, os.environ) for _ in range(2)]
    for process in started:
        said, _ = process.communicate()
        assert process.returncode == 0, said
    assert len(runs(tmp_path)) == 2 and len(rows(tmp_path)) == 2
