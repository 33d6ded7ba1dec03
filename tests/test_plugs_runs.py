"""A plug of each kind (a task, a model, ..., a tracker), added as one file, in and out."""

import importlib
import json
import os
import re
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from sklearn.metrics import fbeta_score

from project import losses, plugs
from project.training import checkpoint
from project.training.state import as_trained
from tests import forks

ROOT = Path(__file__).parents[1]
# One worker has what they share: a run inside, and one outside.
pytestmark = pytest.mark.xdist_group("plugs' runs")
# A file each of CONTRIBUTING.md, by kind: its name, what is chosen of it, and its text.
EXAMPLES = {
    kind: (name, part, text)
    for name, kind, part, text in re.findall(
        r"```python\n# (\w+)\.py: --(\w+) \1:(\w+)\n(.*?)```",
        (ROOT / "CONTRIBUTING.md").read_text(),
        re.DOTALL,
    )
}
# A second metric, with a state of its own.
ERRORS = '''"""Share of the samples that are wrong, as often as asked."""
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
# What a file in the package has besides: the name that is called there.
INSIDE = {
    "model": "build = Net",
    "optimizer": "build = Signs",
    "callback": "def build(hparams, n_classes):\n    return Marks(hparams, n_classes)",
    "tracker": "build = Shelf",
}
OWN = "--gain 2 --noise-samples 90 --balance 0.5 --beta 3 --wrong-times 10 --marks-file e.txt"
OWN += " --shelf s.jsonl --doubt 0.4 --pull 0.1"
SMALL = "--train-fraction 0.8 --exp-name own --max-epochs 2 --batch-size 16 --exp-dir runs"
SMALL = [*OWN.split(), *SMALL.split()]
VALUES = dict(gain=2.0, noise_samples=90, balance=0.5, beta=3.0, wrong_times=10) | {
    "marks_file": "e.txt",
    "shelf": "s.jsonl",
    "doubt": 0.4,
    "pull": 0.1,
}


class Place(NamedTuple):
    """Where a person stands, what they choose there, and the run of it."""

    folder: Path
    chosen: dict[str, list[str]]
    run: Path


def command(folder: Path, *argv: str, module: str = "run") -> Any:
    environ = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    return forks.completed(["-m", f"project.{module}", *argv], environ, folder)


def flags(chosen: dict[str, list[str]]) -> list[str]:
    return [word for kind, names in chosen.items() for word in (f"--{kind}", *names)]


def recorded(run: Path) -> Any:
    return json.loads((run / "record.json").read_text())


def ended(run: Path) -> Any:
    return json.loads((run / "outcome.json").read_text())


# The same in a copy of the package, which each process reads anew: twice as long.
@pytest.fixture(
    scope="module", params=[pytest.param("inside", marks=pytest.mark.nightly), "outside"]
)
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder = tmp_path_factory.mktemp(request.param)
    chosen: dict[str, list[str]] = {}
    if request.param == "inside":
        shutil.copytree(
            ROOT / "project", folder / "project", ignore=shutil.ignore_patterns("__pycache__")
        )
    assert EXAMPLES.keys() == plugs.FOLDERS.keys()
    files = [(kind, *example) for kind, example in EXAMPLES.items()]
    for kind, name, part, text in [*files, ("metric", "own_errors", "Errors", ERRORS)]:
        path, chosen_as = folder / f"{name}.py", f"{name}:{part}"
        if request.param == "inside":
            path, chosen_as = folder / "project" / plugs.FOLDERS[kind] / path.name, name
            text += f"\n\n{INSIDE.get(kind, '')}\n"
        path.write_text(text)
        chosen.setdefault(kind, []).append(
            chosen_as.replace("_", "-" if path.parent != folder else "_")
        )
    done = command(folder, *flags(chosen), *SMALL)
    assert done.returncode == 0, done.stderr
    if request.param == "outside":  # built-in scores that are told have their places
        shown = dict(line.split(None, 1) for line in done.stdout.splitlines() if " test 0." in line)
        assert {"accuracy", "fbeta"} <= shown.keys()
    (record,) = folder.glob("runs/own/*/record.json")
    return Place(folder, chosen, record.parent)


def test_the_run_is_of_these_plugs(place: Place) -> None:
    record = recorded(place.run)
    for kind in ("task", "model", "data", "loss"):
        assert [record["flags"][kind]] == place.chosen[kind]
    own = record["flags"]["plugs"]
    assert {k: v for settings in own.values() for k, v in settings.items()} == VALUES
    chosen = [name for names in place.chosen.values() for name in names]
    assert set(own) == {name.partition(":")[0] for name in chosen}
    assert sum(record["data"]["counts"]["train"]["per_class"]) < 90
    assert len(record["data"]["classes"]) == 3
    assert [record["task"]["name"]] == place.chosen["task"]
    outcome = ended(place.run)
    assert outcome["status"] == "finished"
    # Ten times the share of wrong ones.
    wrong = 10 * (1 - outcome["test"]["test_accuracy"])
    assert outcome["test"]["test_wrong"] == pytest.approx(wrong, abs=1e-12)
    lines = (place.folder / "e.txt").read_text().splitlines()
    assert lines == ["0 of 3 classes", "1 of 3 classes"]
    sent = [json.loads(line) for line in (place.folder / "s.jsonl").read_text().splitlines()]
    assert any("val_wrong" in metrics for metrics in sent)


def test_a_metric_of_ones_own_has_its_flag_and_the_counts_of_the_classes(place: Place) -> None:
    counts = recorded(place.run)["data"]["counts"]["train"]["per_class"]
    # Of 90 samples, half are of the first class; 0.9 * 0.8 * 0.8 of them train.
    assert counts[0] > counts[1] > counts[2] > 0 and abs(sum(counts) - 52) < 3
    lines = (place.run / "figures" / "confusion_matrix.csv").read_text().splitlines()[1:]
    matrix = np.array([[int(cell) for cell in line.split(",")[1:]] for line in lines])
    targets, preds = np.indices((3, 3)).reshape(2, -1).repeat(matrix.ravel(), 1)
    each = fbeta_score(targets, preds, beta=3, labels=range(3), average=None, zero_division=0)
    expected = np.average(each, weights=counts)
    assert ended(place.run)["test"]["test_fbeta"] == pytest.approx(expected, abs=1e-12)


def test_a_loss_of_ones_own_weighs_classes_by_their_counts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    name, part, text = EXAMPLES["loss"]
    (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    counts = torch.tensor([30, 18, 4])
    hparams = SimpleNamespace(
        loss=(f"{name}:{part}",), settings=lambda _: SimpleNamespace(balance=1.0)
    )
    loss = losses.build(hparams, {"class_counts": counts})
    logits = torch.randn(50, 3, generator=torch.Generator().manual_seed(1))
    targets = torch.arange(50) % 3
    # 52 samples in three classes: 52 / 3 / 30, 52 / 3 / 18, 52 / 3 / 4.
    weighted = torch.nn.CrossEntropyLoss(weight=52 / 3 / counts, reduction="none")
    torch.testing.assert_close(loss(logits, targets).total, weighted(logits, targets))


def test_a_test_counts_classes_as_they_were_trained(place: Place) -> None:
    path = place.run / "checkpoints" / "best.pt"
    held = checkpoint.load(path)
    assert held["class_counts"] == recorded(place.run)["data"]["counts"]["train"]["per_class"]

    class Other(NamedTuple):
        classes: tuple[str, ...] = ("a", "b", "c")
        shape: tuple[int, ...] = (1, 4, 4)
        class_counts: tuple[int, ...] = (1, 2, 3)
        name: str = "noise"
        kind: str = "labels"
        dtype: str = "uint8"
        recipe: None = None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("project.training.state.replace", lambda _, **new: new["class_counts"])
        assert as_trained(Other(), held, path) == tuple(held["class_counts"])
        del held["class_counts"]  # as of a former version
        assert as_trained(Other(), held, path) == (1, 2, 3)
        # Pictures with masks are of any size, but their values mean something else.
        assert as_trained(Other(kind="masks", shape=(1, 9, 9)), held, path) == (1, 2, 3)
    for odd, said in (
        ({"shape": (1, 9, 9)}, "on other shape: 1, 4, 4, not 1, 9, 9 as --data"),
        ({"dtype": "float32"}, "on other pixel values: uint8, not float32 as --data"),
        ({"kind": "masks", "shape": (3, 9, 9)}, "on other shape: 1, not 3 as --data"),
    ):
        with pytest.raises(ValueError, match=said):
            as_trained(Other(**odd), held, path)


def test_a_callback_that_watches_changes_no_weight(place: Place) -> None:
    chosen = {k: v for k, v in place.chosen.items() if k not in ("callback", "tracker", "metric")}
    plain = "--gain 2 --noise-samples 90 --balance 0.5 --tracker none".split()
    done = command(place.folder, *flags(chosen), *plain, *SMALL[14:], "--exp-name", "plain")
    assert done.returncode == 0, done.stderr
    (outcome,) = place.folder.glob("runs/plain/*/outcome.json")
    weights = [json.loads(p.read_text())["weights"] for p in (outcome, place.run / "outcome.json")]
    assert weights[0] == weights[1]


def test_own_flags_are_like_all_others(place: Place) -> None:
    shown = command(place.folder, *flags(place.chosen), *SMALL, "--print-config").stdout
    (place.folder / "again.yaml").write_text(shown)
    again = command(place.folder, "--config", "again.yaml", "--beta", "4", "--print-config").stdout
    assert "beta: 3.0\n" in shown and again == shown.replace("beta: 3.0\n", "beta: 4.0\n")
    shown = command(place.folder, "--model", *place.chosen["model"], "--help").stdout
    heading = "\ntiny:\n"
    _, _, section = shown.partition(heading)
    assert "--gain X" in section and "factor of the logits (in (0, 10]; default: 1.0)" in section
    table = command(place.folder, "--exp-dir", "runs", "--where", "beta == 3", module="compare")
    assert place.run.name in table.stdout, table.stderr
    with open(place.folder / "runs" / "runs.csv") as file:
        assert {"gain", "beta", "shelf"} <= set(file.readline().strip().split(","))


def test_a_test_takes_them_from_the_checkpoint(place: Place) -> None:
    words = "--only-test --checkpoint last --tracker none --exp-name tested --exp-dir runs".split()
    done = command(place.folder, *words[:2], place.run.name, *words[3:])
    assert done.returncode == 0, done.stderr
    (record,) = place.folder.glob("runs/tested/*/record.json")
    own = recorded(record.parent)["flags"]["plugs"]
    values = {name: value for settings in own.values() for name, value in settings.items()}
    assert (values["gain"], values["noise_samples"], values["balance"]) == (2.0, 90, 0.5)
    scores = [
        json.loads((run / "outcome.json").read_text())["test"]["test_accuracy"]
        for run in (record.parent, place.run)
    ]
    assert scores[0] == scores[1]


@pytest.mark.parametrize(
    "words, message",
    [
        ("--gain 0", "--gain must be in (0, 10], not 0.0"),
        ("--noise-samples two", "--noise-samples must be a whole number, not 'two'"),
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


STOP = """import os, signal
from pathlib import Path
from pytorch_lightning import Callback

class Stop(Callback):
    def on_train_epoch_end(self, trainer, solver):
        if not Path("stopped").exists():
            Path("stopped").touch()
            os.kill(os.getpid(), signal.SIGINT)
"""


@pytest.mark.nightly
@pytest.mark.parametrize("n", [1, 2])
def test_resumed_and_on_several_processes_it_is_the_same(place: Place, n: int) -> None:
    if not list(place.folder.glob("*.py")):
        pytest.skip("as from outside")
    (place.folder / "own_stop.py").write_text(STOP)
    (place.folder / "stopped").unlink(missing_ok=True)
    chosen = {k: v for k, v in place.chosen.items() if k not in ("callback", "tracker")}
    words = [*flags(chosen), "--callback", "own_stop:Stop", *SMALL[:10], *SMALL[14:]]
    words += f"--tracker none --exp-name stopped{n} --devices {n} --accelerator cpu".split()
    done = command(place.folder, *words)
    assert done.returncode == 130, done.stderr
    (run,) = place.folder.glob(f"runs/stopped{n}/*")
    # A flag of a plug that the run has, which is not chosen again.
    done = command(place.folder, "--resume", run.name, "--exp-dir", "runs", "--beta", "3")
    assert done.returncode == 0, done.stderr
    ours, reference = ended(run), ended(place.run)
    assert ours["test"].keys() == reference["test"].keys()
    if n == 1:
        assert (ours["weights"], ours["test"]) == (reference["weights"], reference["test"])
    for name in ("test_loss", "test_fbeta", "test_wrong"):
        assert ours["test"][name] == pytest.approx(reference["test"][name], abs=1e-6)


@pytest.mark.nightly
def test_all_are_reproduced_when_their_files_are_gone(place: Place) -> None:
    if not (own := list(place.folder.glob("*.py"))):
        pytest.skip("within the package they are the code's own files")
    for path in own:
        path.unlink()
    # Where it was sent is no part of what is reproduced, and its file is gone, too.
    unsent = ("--", "--tracker", "none")
    done = command(place.folder, str(place.run), *unsent, module="reproduce")
    assert done.returncode == 0, (done.stdout, done.stderr)
    assert "bit for bit" in done.stdout
