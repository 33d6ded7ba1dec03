"""A task that knows no classes, in a file of one's own: trained, tested, compared, verified."""

import importlib
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from project import data, models
from project.comparison.headline import usual
from project.hyperparameters import Hyperparameters
from project.main import main
from project.training import checkpoint
from project.verify import main as verify

# How far a number is from the digit that is seen: the model has a single output.
DISTANCE = """
import numpy as np
import torch
from project.metrics import Accumulator, Metric
from project.tasks import Task
from project.values import Prediction

TASKS = ("own_distance:Distance",)

class Settings:
    scale: float = 10.0

class View:
    def __init__(self, outputs, targets):
        self.apart = (outputs[:, 0] - targets).abs().double()

class Apart(Accumulator):
    def __init__(self, n_classes):
        super().__init__(n_classes, apart=torch.zeros((), dtype=torch.float64),
                         samples=torch.zeros((), dtype=torch.int64))

    def add(self, batch):
        self.sums["apart"] += batch.apart.sum()
        self.sums["samples"] += len(batch.apart)

    def read(self):
        return float(self.total("apart")) / int(self.total("samples"))

class Error(Metric):
    tasks, view, state, guard = ("distance",), View, Apart, Apart
    names = ("absolute_error",)
    less_is_better = frozenset(names)

    def score(self, totals):
        return {"absolute_error": totals}

class Distance(Task):
    name, accepts = "distance", "labels"
    headline, judged, outputs = ("absolute_error",), "absolute_error", "numbers"
    n_outputs = 1

    def metrics(self, further=None, make=None):
        return super().metrics({"error": Error, **(further or {})}, make)

    def blank_targets(self, n):
        return torch.arange(n) % len(self.classes)

    def blank_outputs(self, targets):
        return targets[:, None].float()

    def check(self, outputs, n, device):
        return None if outputs.shape == (n, 1) else f"returned {tuple(outputs.shape)}, not (n, 1)"

    def weights(self, targets):
        return 1.0 + (targets == 9)

    def badness(self, outputs, targets):
        return (outputs[:, 0] - targets).abs()

    def decode(self, outputs):
        return [Prediction(value) for value in outputs[:, 0].tolist()]

    def draw(self, example, prediction):
        return np.repeat(example.image[..., None], 3, axis=2)

    def caption(self, example, prediction):
        return f"{example.target}, predicted {prediction.value:.1f}"

    def report(self, tables, folder, of):
        (folder / "seen.txt").write_text(" ".join(tables))

def loss(hparams):
    scale = hparams.settings(__name__).scale
    return lambda outputs, targets: (outputs[:, 0] - targets) ** 2 / scale
"""
FLAGS = "--task own_distance:Distance --loss own_distance:loss --model mlp --hidden-dim 8"
MORE = "--max-epochs 1 --batch-size 500 --learning-rate 0.02 --scale 5 --tracker none"
PLACE = "--exp-name far --exp-dir runs --data-dir data"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("own")
    (folder / "own_distance.py").write_text(DISTANCE)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.syspath_prepend(str(folder))
        importlib.invalidate_caches()
        assert main([*FLAGS.split(), *MORE.split(), *PLACE.split()]) == 0
        (record,) = folder.glob("runs/far/*/record.json")
        yield record.parent


def test_its_scores_are_those_of_a_plain_loop(run: Path) -> None:
    state = checkpoint.load(run / "checkpoints" / "best.pt")
    hparams = Hyperparameters(model="mlp", hidden_dim=8, data_dir=str(run.parents[2] / "data"))
    dataset = data.prepare(hparams)
    model = models.build(dataset.shape, 1, hparams).eval()
    model.load_state_dict(state["model"])
    with torch.no_grad():
        each = [
            (model(b.inputs)[:, 0], b.targets) for x in dataset.loader("test", hparams) for b in x
        ]
    outputs, targets = (torch.cat(parts).double().numpy() for parts in zip(*each, strict=True))
    test = json.loads((run / "outcome.json").read_text())["test"]
    assert test.keys() == {"test_loss", "test_absolute_error"}
    error = np.mean(np.abs(outputs - targets))
    assert test["test_absolute_error"] == pytest.approx(error, rel=1e-6)
    # What a sample counts, the task says: nines twice.
    squared = np.average((outputs - targets) ** 2 / 5, weights=1 + (targets == 9))
    assert test["test_loss"] == pytest.approx(squared, rel=1e-5)


def test_it_is_recorded_and_its_score_is_the_one_to_compare_by(run: Path) -> None:
    record = json.loads((run / "record.json").read_text())
    told = {"headline": ["absolute_error"], "judged": "absolute_error"}
    assert record["task"] == {"name": "own_distance:Distance", **told}
    assert checkpoint.load(run / "checkpoints" / "last.pt")["task"] == record["task"]
    assert record["scores"] == {"loss": "min", "absolute_error": "min"}
    assert usual([record])[0] == "test_absolute_error"
    # This process may have imported files of other tests, which are told as its sources too.
    assert "own_distance.py" in {path.name for path in (run / "plugs").iterdir()}
    assert (run / "figures" / "seen.txt").read_text() == ""


def test_it_is_verified(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify([run.name, "--exp-dir", str(run.parents[1])]) == 0, capsys.readouterr()


def test_a_test_of_its_checkpoint_gives_the_same(run: Path) -> None:
    argv = f"--only-test --checkpoint {run.name} --exp-name again --exp-dir runs --tracker none"
    assert main([*argv.split(), "--data-dir", "data"]) == 0
    (again,) = run.parents[1].glob("again/*/outcome.json")
    first, second = (json.loads(p.read_text())["test"] for p in (run / "outcome.json", again))
    assert first == second


WRONG = [
    ("--model own_distance:Net", "own_distance.py defines no Net"),
    ("--metric own_distance:Error --task classification", "metric own_distance:Error serves dist"),
    ("--loss own_distance:loss --task classification", "serves own_distance:Distance, not classi"),
]


@pytest.mark.parametrize("words, said", WRONG)
def test_what_does_not_fit_is_told(
    run: Path, words: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*FLAGS.split()[:2], *PLACE.split()[2:], *words.split()]) == 2
    line = capsys.readouterr().err
    assert said in line and len(line.splitlines()) == 1
