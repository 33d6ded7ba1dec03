"""A model, data, a loss, a metric, a callback and a tracker, each added as one file, in and out."""

import json
import os
import shutil
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests import forks

ROOT = Path(__file__).parents[1]
# One worker has what they share: a run inside, and one outside.
pytestmark = pytest.mark.xdist_group("plugs' runs")
# What each file holds; OUTSIDE names it there, INSIDE is what it must define in the package.
MODEL = '''"""One linear layer."""
from torch import nn
from project.cli.fields import flag

class Settings:
    gain: float = flag(1.0, "factor of the logits", bounds="(0, 10]")

class Net(nn.Module):
    def __init__(self, shape, n_classes, hparams):
        super().__init__()
        self.gain = hparams.settings(__name__).gain
        n_inputs = shape[0] * shape[1] * shape[2]
        self.layer = nn.Sequential(nn.Flatten(), nn.Linear(n_inputs, n_classes))

    def forward(self, inputs):
        return self.gain * self.layer(inputs)


def build(shape, n_classes, hparams):
    return Net(shape, n_classes, hparams)
'''
DATA = '''"""Noise in three classes."""
import torch
from project.data.samples import Raw, Resident

class Settings:
    noise_samples: int = 60

def load(hparams):
    n = hparams.settings(__name__).noise_samples
    images = torch.randint(256, (n, 1, 4, 4), generator=torch.Generator().manual_seed(0))
    return Raw(Resident(images.to(torch.uint8), torch.arange(n) % 3), None, ("a", "b", "c"))
'''
LOSS = '''"""Squared errors of the probabilities."""
import torch

class Settings:
    power: int = 2

def build(hparams):
    power = hparams.settings(__name__).power

    def loss(logits, targets):
        one_hot = torch.nn.functional.one_hot(targets, logits.shape[1])
        return (logits.softmax(1) - one_hot).abs().pow(power).sum(1)

    return loss
'''
METRIC = '''"""Share of the samples that are wrong, as often as asked."""
import torch
from project.metrics import Accumulator, Metric

class Settings:
    wrong_times: int = 1

class Wrong(Accumulator):
    def __init__(self, n_classes):
        super().__init__(n_classes, wrong=torch.zeros((), dtype=torch.int64),
                         samples=torch.zeros((), dtype=torch.int64))

    def add(self, batch):
        self.sums["wrong"] += (batch.preds != batch.targets).sum()
        self.sums["samples"] += len(batch.targets)

    def read(self):
        return int(self.total("wrong")) / int(self.total("samples"))

class Errors(Metric):
    """`wrong`."""
    state = Wrong
    less_is_better = frozenset({"wrong"})

    def __init__(self, n_classes, hparams):
        super().__init__(n_classes)
        self.times = hparams.settings(__name__).wrong_times

    def score(self, totals):
        return {"wrong": self.times * totals}
'''
CALLBACK = '''"""Counts epochs."""
from pathlib import Path
import torch
from pytorch_lightning import Callback

class Settings:
    epochs_file: str = "epochs.txt"

class Epochs(Callback):
    def __init__(self, hparams):
        self.path = Path(hparams.settings(__name__).epochs_file)
        torch.rand(3)  # which leaves what training draws as it was

    def on_train_epoch_end(self, trainer, solver):
        with open(self.path, "a") as file:
            print(trainer.current_epoch, file=file)

def build(hparams):
    return Epochs(hparams)
'''
TRACKER = '''"""A file on this disk."""
import json
from pathlib import Path
from project.tracking.tracker import Tracker

class Settings:
    shelf: str = "shelf.jsonl"

class Shelf(Tracker):
    def open(self, record):
        self.path = Path(record["flags"]["plugs"][NAME]["shelf"])
        return {"id": record["run_id"]}

    def log(self, records):
        with open(self.path, "a") as file:
            file.writelines(json.dumps(record["metrics"]) + "\\n" for record in records)

    def upload(self, path): ...
    def close(self, outcome): ...
    def where(self): return str(self.path)
    def release(self): ...

def build(run_dir, remote):
    return Shelf(run_dir, remote)
'''
FILES = {
    "model": ("models", "own_net", MODEL, "Net"),
    "data": ("datasets", "own_noise", DATA, "load"),
    "loss": ("losses", "own_squares", LOSS, "build"),
    "metric": ("metrics", "own_errors", METRIC, "Errors"),
    "callback": ("callbacks", "own_epochs", CALLBACK, "Epochs"),
    "tracker": ("trackers", "own_shelf", TRACKER, "Shelf"),
}
OWN = "--gain 2 --noise-samples 90 --power 3 --wrong-times 10 --epochs-file e.txt --shelf s.jsonl"
SMALL = [*OWN.split(), *"--exp-name own --max-epochs 2 --batch-size 16 --exp-dir runs".split()]
VALUES = dict(gain=2.0, noise_samples=90, power=3, wrong_times=10, epochs_file="e.txt") | {
    "shelf": "s.jsonl"
}


class Place(NamedTuple):
    """Where a person stands, what they choose there, and the run of it."""

    folder: Path
    chosen: dict[str, str]
    run: Path


def command(folder: Path, *argv: str, module: str = "run") -> Any:
    environ = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    return forks.completed(["-m", f"project.{module}", *argv], environ, folder)


def flags(chosen: dict[str, str]) -> list[str]:
    return [word for kind, name in chosen.items() for word in (f"--{kind}", name)]


# The same in a copy of the package, which each process reads anew: twice as long.
INSIDE = pytest.param("inside", marks=pytest.mark.nightly)


@pytest.fixture(scope="module", params=[INSIDE, "outside"])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder = tmp_path_factory.mktemp(request.param)
    chosen = {}
    if request.param == "inside":
        shutil.copytree(
            ROOT / "project", folder / "project", ignore=shutil.ignore_patterns("__pycache__")
        )
    for kind, (room, name, text, part) in FILES.items():
        if request.param == "inside":
            chosen[kind] = name.replace("_", "-")
            path = folder / "project" / room / f"{name}.py"
        else:
            chosen[kind] = f"{name}:{part}"
            path = folder / f"{name}.py"
        path.write_text(text.replace("NAME", repr(chosen[kind].partition(":")[0])))
    done = command(folder, *flags(chosen), *SMALL)
    assert done.returncode == 0, done.stderr
    (record,) = folder.glob("runs/own/*/record.json")
    return Place(folder, chosen, record.parent)


def test_the_run_is_of_these_plugs(place: Place) -> None:
    record = json.loads((place.run / "record.json").read_text())
    assert {kind: record["flags"][kind] for kind in ("model", "data", "loss")} == {
        kind: place.chosen[kind] for kind in ("model", "data", "loss")
    }
    own = record["flags"]["plugs"]
    assert {k: v for settings in own.values() for k, v in settings.items()} == VALUES
    assert set(own) == {name.partition(":")[0] for name in place.chosen.values()}
    assert sum(record["data"]["counts"]["train"]["per_class"]) < 90
    assert len(record["data"]["classes"]) == 3
    outcome = json.loads((place.run / "outcome.json").read_text())
    assert outcome["status"] == "finished"
    # Ten times the share of wrong ones.
    wrong = 10 * (1 - outcome["test"]["test_accuracy"])
    assert outcome["test"]["test_wrong"] == pytest.approx(wrong, abs=1e-12)
    assert (place.folder / "e.txt").read_text().split() == ["0", "1"]
    sent = [json.loads(line) for line in (place.folder / "s.jsonl").read_text().splitlines()]
    assert any("val_wrong" in metrics for metrics in sent)


def test_a_callback_that_watches_changes_no_weight(place: Place) -> None:
    chosen = {k: v for k, v in place.chosen.items() if k not in ("callback", "tracker", "metric")}
    plain = "--gain 2 --noise-samples 90 --power 3 --tracker none --exp-name plain".split()
    done = command(place.folder, *flags(chosen), *plain, *SMALL[14:])
    assert done.returncode == 0, done.stderr
    (outcome,) = place.folder.glob("runs/plain/*/outcome.json")
    weights = [json.loads(p.read_text())["weights"] for p in (outcome, place.run / "outcome.json")]
    assert weights[0] == weights[1]


def test_own_flags_are_like_all_others(place: Place) -> None:
    shown = command(place.folder, *flags(place.chosen), *SMALL, "--print-config").stdout
    (place.folder / "again.yaml").write_text(shown)
    again = command(place.folder, "--config", "again.yaml", "--power", "4", "--print-config").stdout
    assert "power: 3\n" in shown and again == shown.replace("power: 3\n", "power: 4\n")
    shown = command(place.folder, "--model", place.chosen["model"], "--help").stdout
    heading = f"\n{place.chosen['model'].partition(':')[0]}:\n"
    _, _, section = shown.partition(heading)
    assert "--gain X" in section and "factor of the logits (in (0, 10]; default: 1.0)" in section
    table = command(place.folder, "--exp-dir", "runs", "--where", "power == 3", module="compare")
    assert place.run.name in table.stdout, table.stderr
    with open(place.folder / "runs" / "runs.csv") as file:
        assert {"gain", "power", "shelf"} <= set(file.readline().strip().split(","))


def test_a_test_takes_them_from_the_checkpoint(place: Place) -> None:
    words = "--only-test --checkpoint last --tracker none --exp-name tested --exp-dir runs".split()
    done = command(place.folder, *words[:2], place.run.name, *words[3:])
    assert done.returncode == 0, done.stderr
    (record,) = place.folder.glob("runs/tested/*/record.json")
    own = json.loads(record.read_text())["flags"]["plugs"]
    values = {name: value for settings in own.values() for name, value in settings.items()}
    assert (values["gain"], values["noise_samples"], values["power"]) == (2.0, 90, 3)
    scores = [
        json.loads((run / "outcome.json").read_text())["test"]["test_accuracy"]
        for run in (record.parent, place.run)
    ]
    assert scores[0] == scores[1]


@pytest.mark.parametrize(
    "words, message",
    [
        ("--gain 0", "--gain must be in (0, 10], not 0.0"),
        ("--power two", "--power must be a whole number, not 'two'"),
        ("--gains 2", "unknown flag --gains, did you mean '--gain'?"),
    ],
)
def test_a_wrong_value_gets_a_line(place: Place, words: str, message: str) -> None:
    done = command(place.folder, *flags(place.chosen), *words.split(), "--exp-dir", "none")
    assert (done.returncode, done.stderr) == (2, f"error: {message}\n")
    assert not (place.folder / "none").exists()


def test_a_module_that_cannot_be_imported_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "own_broken.py"
    path.write_text("class Net: ...\nimport no_such_module\n")
    done = command(tmp_path, "--model", "own_broken:Net", "--exp-dir", "none")
    why = "own_broken.py:2: ModuleNotFoundError: No module named 'no_such_module'"
    line = f"error: --model 'own_broken:Net': own_broken can't be imported: {why}"
    _, told = done.stderr.splitlines()
    assert (done.returncode, told) == (2, line)
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("kind", ["model", "data", "metric", "callback"])
def test_what_gives_something_else_leaves_nothing(tmp_path: Path, kind: str) -> None:
    (tmp_path / "own_other.py").write_text("def make(*_):\n    return 3\n")
    done = command(tmp_path, f"--{kind}", "own_other:make", "--exp-dir", "none")
    _, told = done.stderr.splitlines()
    assert done.returncode == 2 and told.startswith(f"error: {kind} own_other:make ")
    assert "(own_other.py:" in told
    assert not (tmp_path / "none").exists()


@pytest.mark.nightly
def test_all_are_reproduced_when_their_files_are_gone(place: Place) -> None:
    if not (own := list(place.folder.glob("own_*.py"))):
        pytest.skip("within the package they are the code's own files")
    for path in own:
        path.unlink()
    # Where it was sent is no part of what is reproduced, and its file is gone, too.
    unsent = ("--", "--tracker", "none")
    done = command(place.folder, str(place.run), *unsent, module="reproduce")
    assert done.returncode == 0, (done.stdout, done.stderr)
    assert "bit for bit" in done.stdout
