"""Embeddings end to end: classes that never trained are found, recorded, verified and drawn."""

import csv
import json
import math
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest
import torch
from PIL import Image

from project import data, models, tasks
from project.calibrate import main as calibrate
from project.export import main as export
from project.files import read_json
from project.hyperparameters import Hyperparameters
from project.inference.predictor import Predictor
from project.main import main
from project.metrics.retrieval import retrieved
from project.predict import main as predict
from project.tables.parquet import read_columns
from project.training import checkpoint
from project.training.head import head_of, with_new_head
from project.values import Example, Prediction
from project.verify import main as verify

RECIPE = Path(__file__).parents[2] / "configs" / "recipes" / "two-views.yaml"
FLAGS = "--task embedding --train-classes 0-4 --batch-size 20 --model mlp --hidden-dim 16"
QUICK = "--embedding-dim 8 --max-epochs 1 --report-examples 2 --tracker none --accelerator cpu"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("embedding")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert main(f"{FLAGS} {QUICK} --exp-name near --exp-dir runs".split()) == 0
    (record,) = folder.glob("runs/near/*/record.json")
    return record.parent


def test_its_scores_are_those_of_the_model_on_classes_that_never_trained(run: Path) -> None:
    state = checkpoint.load(run / "checkpoints" / "best.pt")
    hparams = Hyperparameters.from_values(state["hyperparameters"])
    dataset = data.prepare(hparams)
    assert set(dataset.test.targets.tolist()) == {5, 6, 7, 8, 9}
    assert set(dataset.train.targets.tolist()) == set(dataset.val.targets.tolist()) == {*range(5)}
    task = tasks.build("embedding", {**vars(dataset), "hparams": hparams}, "labels", "digits")
    model = models.build(dataset.shape, task.n_outputs, hparams).eval()
    model.load_state_dict(state["model"])
    with torch.no_grad():
        each = [model(b.inputs) for block in dataset.loader("test", hparams) for b in block]
    found = retrieved(torch.cat(each), dataset.test.targets, 8)
    test = read_json(run / "outcome.json")["test"]
    expected = {f"test_recall@{k}": float((found.first_hit < k).mean()) for k in (1, 2, 4, 8)}
    expected["test_map@r"] = float(found.precision.mean())
    assert test == pytest.approx(expected, abs=1e-3)  # a near tie may fall otherwise
    best = read_json(run / "outcome.json")["best"]
    assert best["monitor"] == "val_recall@1" and "val_loss" not in best["metrics"]


def test_what_was_found_of_each_sample_is_in_the_table(run: Path) -> None:
    columns, about = read_columns(run / "predictions.parquet")
    assert about["task"] == "embedding" and "loss" not in columns
    hit = columns["target"] == columns["prediction"]
    test = read_json(run / "outcome.json")["test"]
    assert hit.mean() == pytest.approx(test["test_recall@1"])
    assert np.mean(columns["average_precision"]) == pytest.approx(test["test_map@r"], abs=1e-6)
    rows = {index: row for row, index in enumerate(columns["index"].tolist())}
    of_nearest = [columns["target"][rows[i]] for i in columns["nearest"].tolist()]
    assert of_nearest == columns["prediction"].tolist()
    # Where another class is nearest, the margin is below 0.
    assert ((columns["margin"] > 0) == hit).all()


def test_it_is_recorded_and_verified(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = read_json(run / "record.json")
    assert record["task"]["judged"] == "recall@1" and record["scores"]["recall@1"] == "max"
    assert record["flags"]["sampler"] == "pk" and record["flags"]["train_classes"] == ["0-4"]
    assert verify([run.name, "--exp-dir", str(run.parents[1])]) == 0, capsys.readouterr()
    assert "map@r, recall@1 are those of the samples" in capsys.readouterr().out
    outcome = run / "outcome.json"
    kept = outcome.read_text()
    try:
        forged = json.loads(kept)
        forged["test"]["test_recall@1"] = 1.0
        outcome.write_text(json.dumps(forged))
        assert verify([run.name, "--exp-dir", str(run.parents[1])]) == 1
        assert "test_recall@1 is 1.0, by predictions.parquet" in capsys.readouterr().out
    finally:
        outcome.write_text(kept)


def test_a_sample_and_its_neighbours_are_drawn(run: Path) -> None:
    for folder in (run / "figures", run / "figures" / "validation"):
        for end in ("best", "worst"):
            with Image.open(folder / f"examples_{end}.png") as picture:
                assert picture.width > 6 * 56
    task = tasks.build("embedding", there(), None, "digits")
    near = torch.tensor([4, 2]), torch.tensor([0.5, 0.75], dtype=torch.float64)
    images = {i: np.full((8, 8), 20 * i, np.uint8) for i in (1, 2, 4)}
    known = {i: Example(i, images[i], target=i % 2) for i in images}
    found = task.looked_up(task.restored(near), known.__getitem__)
    drawn = task.draw(known[2], found)
    # 56 pixels each in frames of 4: white around the query, green around 2, red around 1.
    assert drawn.shape == (64, 3 * 70 + 6, 3)
    frames = [tuple(drawn[0, x]) for x in (0, 64 + 12, 2 * 64 + 18)]
    assert frames == [(255, 255, 255), (30, 150, 60), (30, 150, 60)]
    assert tuple(task.draw(known[1], found)[0, 64 + 12]) == (205, 40, 40)
    assert tuple(drawn[32, 32]) == (40, 40, 40)
    assert task.caption(known[2], found) == "class ant; nearest ant, ant\ndistances 0.50, 0.75"


def there(**own: object) -> dict[str, object]:
    settings = {"embedding_dim": 2, "recall_at": (1,), "embedding_limit": 3, "neighbours": 2}
    hparams = Hyperparameters(
        task="embedding",
        loss=("triplet",),
        plugs={"embedding": {**settings, "unit_length": True, **own}},
    )
    return {"hparams": hparams, "shape": (1, 8, 8), "classes": ("ant", "bee")}


def test_embeddings_are_of_length_1_where_that_is_asked_for() -> None:
    task = tasks.build("embedding", there(), None, "digits")
    outputs = torch.tensor([[3.0, 4.0], [0.0, 2.0]])
    expected = [[pytest.approx(0.6), pytest.approx(0.8)], [0.0, 1.0]]
    assert task.infer(lambda inputs: inputs, outputs).tolist() == expected
    plain = tasks.build("embedding", there(unit_length=False), None, "digits")
    assert plain.embedded(outputs).equal(outputs)
    prediction, _ = task.decode(outputs)
    assert isinstance(prediction, Prediction) and prediction.value.tolist() == [3, 4]
    assert prediction.probs is None and not task.decides


def test_what_a_bound_leaves_out_is_told() -> None:
    task = tasks.build("embedding", there(), None, "digits")
    metric = task.metrics()
    assert task.notes() == []
    metric.update(torch.eye(4, 2), torch.tensor([0, 0, 1, 1]), torch.arange(4))
    metric.compute()
    assert task.notes()[0].startswith("recall and map@r are of 3 samples among each other, of 4")
    assert "1 samples had no other of their class" in task.notes()[1]


@pytest.fixture
def pictures(run: Path, tmp_path: Path) -> Path:
    """The first two digits of each of the classes 7 and 8, which never trained."""
    dataset = data.prepare(Hyperparameters())
    samples, targets = dataset.train.samples, dataset.train.samples.targets.values
    for digit in (7, 8):
        for i in (targets == digit).nonzero().flatten()[:2].tolist():
            Image.fromarray(samples.images[i, 0].numpy()).save(tmp_path / f"{digit}-{i}.png")
    return tmp_path


def test_predict_writes_embeddings_and_names_the_nearest(
    run: Path, pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = [str(run), str(pictures), "--nearest", "test", "--top-k", "2"]
    for form in ("csv", "json", "parquet"):
        assert predict([*asked, "-o", str(pictures / form), "--format", form]) == 0
    with (pictures / "csv" / "predictions.csv").open() as file:
        rows = list(csv.DictReader(file))
    predictor = Predictor.load(run)
    files = sorted(pictures.glob("*.png"))
    assert [row["path"] for row in rows] == list(map(str, files))
    expected = predictor.outputs(predictor.read(files))
    found = [[float(row[f"embedding_{i}"]) for i in range(8)] for row in rows]
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    for row, path in zip(rows, files, strict=True):
        digit, index = path.stem.split("-")  # itself is among the test's samples
        assert (row["nearest_1"], row["class_1"]) == (f"test {index}", digit)
        assert float(row["distance_1"]) < 1e-6 < float(row["distance_2"])
    lines = (pictures / "json" / "predictions.jsonl").read_text().splitlines()
    assert np.allclose([json.loads(line)["embedding"] for line in lines], expected)
    columns = pyarrow.parquet.read_table(pictures / "parquet" / "predictions.parquet").to_pydict()
    assert np.allclose(columns["embedding"], expected)
    # Among pictures the second is another one; classes nobody knows.
    capsys.readouterr()
    assert predict([*asked[:2], "--nearest", str(pictures), "--top-k", "9"]) == 0
    head, *shown = (line.split("\t") for line in capsys.readouterr().out.splitlines())
    assert head[-3:] == ["nearest_4", "distance_4", "embedding"] and "class_1" not in head
    assert [row[1] for row in shown] == [row[0] for row in shown]


@pytest.mark.parametrize(
    "words, told",
    [
        ("--mc-dropout 2", "--mc-dropout: task embedding gives embeddings, no probabilities"),
        ("-o out --draw", "--draw: task embedding gives embeddings, no probabilities"),
        ("--top-k 3", "--top-k of embeddings needs --nearest, the nearest 3"),
        ("--nearest nowhere", "nowhere: there is no such file or folder"),
    ],
)
def test_predict_refuses_what_embeddings_have_not(
    words: str, told: str, run: Path, pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(pictures)
        assert predict([str(run), str(pictures), *words.split()]) == 2
    assert told in capsys.readouterr().err and not (pictures / "out").exists()


@pytest.mark.parametrize(
    "command, told",
    [
        (export, "can't be exported: task embedding decides for no class"),
        (calibrate, "task embedding has no probabilities to calibrate"),
    ],
)
def test_commands_of_decisions_say_that_there_are_none(
    command: Callable[[list[str]], int], told: str, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command([str(run)]) == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error")]
    assert told in line and not (run / "after").exists()


@pytest.mark.nightly  # of the head alone: the next test
def test_a_classifier_begins_with_its_weights_but_for_the_head(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = f"--model mlp --hidden-dim 16 --checkpoint {run} --max-steps 1 --learning-rate 1e-30"
    more = f"{QUICK} --weight-decay 0 --exp-dir {tmp_path} --without progress reports predictions"
    more = more.replace("--embedding-dim 8 ", "")
    assert main([*argv.split(), *more.split()]) == 0
    (record,) = tmp_path.glob("*/*/record.json")
    head = read_json(record)["model"]["new_head"]
    assert f"but for the head, which is new: {', '.join(head)}" in capsys.readouterr().err
    before = checkpoint.load(run / "checkpoints" / "best.pt")["model"]
    after = checkpoint.load(record.parent / "checkpoints" / "last.pt")["model"]
    assert [len(after[name]) for name in head] == [10, 10]
    assert {n for n in after if not after[n].equal(before[n])} == set(head)


@pytest.mark.parametrize("n_outputs", [3, 10])
def test_a_head_is_what_depends_on_the_number_of_outputs(n_outputs: int) -> None:
    """Also where a checkpoint's is of the same size by chance."""
    hparams = Hyperparameters(depth=1, width=4, hidden_dim=8)
    made = partial(models.build, (1, 8, 8), hparams=hparams)
    model = made(n_outputs)
    head = head_of(model, made, n_outputs)
    assert head == ["head.4.weight", "head.4.bias"]
    state = {"model": {name: tensor + 1 for name, tensor in model.state_dict().items()}}
    found = with_new_head(state, model, head)["model"]
    own = model.state_dict()
    assert {n for n in own if found[n].equal(own[n])} == {*head}


@pytest.mark.nightly  # of the loss alone: tests/losses/test_pairs.py
def test_two_views_of_each_image_need_no_labels(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An image's other view is to be found among those of all others; classes count nowhere."""
    views = f"--task embedding --recipe {RECIPE} --model mlp --hidden-dim 64 --exp-dir {tmp_path}"
    argv = [*views.split(), *QUICK.split(), "--without", "reports"]
    assert main([*argv, "--loss", "info-nce", "--sampler", "shuffle", "--max-epochs", "4"]) == 0
    (journal,) = tmp_path.glob("*/*/journal.jsonl")
    logged = [json.loads(line)["metrics"] for line in journal.read_text().splitlines()]
    losses = [each["train_loss"] for each in logged if "train_loss" in each]
    # Of 32 images an anchor has 1 positive and 62 negatives: at first it guesses, -log(1 / 63).
    assert losses[0] == pytest.approx(math.log(63), abs=0.5)
    assert np.mean(losses[-10:]) < 0.9 * losses[0]
    assert main(argv) == 2  # triplets read one view
    assert "views" in capsys.readouterr().err.splitlines()[-1]


WRONG = [
    ("--accumulate 2", "--accumulate 2 would cut the batch that losses over pairs need whole"),
    (
        "--loss cross-entropy",
        "loss cross-entropy serves classification and segmentation, not embed",
    ),
    ("--monitor val_loss", "--monitor 'val_loss' is not measured (measured: val_recall@1,"),
    ("--batch-size 21", "--batch-size 21 is no number of at least 2 classes with --samples-per"),
    ("--batch-size 4", "--batch-size 4 is no number of at least 2 classes with --samples-per-cla"),
    ("--batch-size 24", "24 with --samples-per-class 4 has 6 classes, and 5 train: give --batch-s"),
    ("--train-classes 0-4 seven", "--train-classes: there is no class 'seven'"),
    ("--train-classes 0-9", "--train-classes: these are all classes, and none is left for the te"),
    ("--recall-at 2", "--recall-at needs a 1: recall@1 is what a run is judged by"),
    ("--overfit-batches 1", "--sampler pk and --overfit-batches exclude each other"),
    ("--data shapes", "--data shapes is for segmentation, not --task embedding"),
    ("--label-smoothing 0.1", "--label-smoothing 0.1 is not defined for --loss triplet"),
    ("--task classification --sampler shuffle", "--train-classes is for --task embedding: class"),
    ("--task classification --loss triplet", "loss triplet serves embedding, not classification"),
]


@pytest.mark.parametrize("words, told", WRONG)
def test_what_does_not_go_together_is_told_before_anything_is_written(
    words: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = f"{FLAGS} {words} --tracker none --exp-dir {tmp_path / 'runs'}".split()
    assert main(argv) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert any(told in line for line in lines), lines
    assert not (tmp_path / "runs").exists() or not list((tmp_path / "runs").rglob("record.json"))
