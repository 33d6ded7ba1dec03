"""`python -m project.check`: a good model passes, broken ones fail by what is wrong with them."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest
import torch
from torch import Tensor, nn

from project.check import main
from project.inference.predictor import Predictor
from project.inference.test_split import Splits
from project.main import main as run_main
from project.soundness.shown import table
from project.training import checkpoint

FLAGS = (
    "--model resnet --width 8 --depth 8 --max-epochs 2 --tracker none --without progress reports"
)
GOOD = 15  # checks that a model with batch norms passes
State = dict[str, Any]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    exp_dir = tmp_path_factory.mktemp("trained")
    assert run_main([*FLAGS.split(), "--accelerator", "cpu", "--exp-dir", str(exp_dir)]) == 0
    (run,) = exp_dir.glob("*/2*")
    return run


@pytest.fixture(scope="module", autouse=True)
def data_are_read_once(trained: Path) -> Any:
    splits = Splits.of_run(trained, Predictor.load(trained).hparams)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Splits, "of_run", lambda *_: splits)
        yield


@pytest.fixture
def run(trained: Path, tmp_path: Path) -> Path:
    """A run of one's own."""
    shutil.copytree(trained, tmp_path / "exp" / trained.name)
    return tmp_path / "exp" / trained.name


def checked(run: Path, *argv: str) -> tuple[int, dict[str, dict[str, Any]]]:
    code = main([str(run), *argv])
    told = json.loads((run / "after" / "check" / "check.json").read_text())["checks"]
    return code, {each["name"]: each for each in told}


def test_a_good_model_passes(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, told = checked(trained, "--junit", str(trained.parent / "junit.xml"))
    out = capsys.readouterr().out.splitlines()
    assert code == 0, out
    assert {each["result"] for each in told.values()} == {"passed", "not checked"}
    # No file was exported; all else was looked at.
    assert [n for n, each in told.items() if each["result"] == "not checked"] == [
        "exported files decide as the model does"
    ]
    assert len(out) == len(told) + 1 and out[-1].endswith(" passed, 1 not checked")
    # On a terminal each is told in its width, and nothing is left out.
    narrow = list(table([SimpleNamespace(**each) for each in told.values()], 60))
    assert max(map(len, narrow)) <= 60 and narrow[-1] == out[-1]
    for each in told.values():
        assert f"{each['name']}: {each['found']}".removesuffix(": ") in " ".join(narrow).replace(
            " " * 14, " "
        )
    suite = ElementTree.parse(trained.parent / "junit.xml").getroot()[0]
    assert int(suite.get("tests", 0)) == len(told) and suite.get("failures") == "0"


def nan(state: State) -> None:
    next(iter(state["model"].values())).view(-1)[0] = float("nan")


def dead(state: State) -> None:
    """Nothing comes through the last normalisation, and so nothing goes back."""
    norms = [name for name in state["model"] if name.endswith("running_mean")]
    last = norms[-1].removesuffix("running_mean")
    state["model"][f"{last}weight"].zero_()
    state["model"][f"{last}bias"].zero_()
    head = [value for value in state["model"].values() if value.ndim == 2][-1]
    head.zero_()


def swapped(state: State) -> None:
    head = [value for value in state["model"].values() if value.ndim == 2][-1]
    head.copy_(head.roll(1, 0))


def frozen(state: State) -> None:
    for name, value in state["model"].items():
        if name.endswith(("running_mean", "num_batches_tracked")):
            value.zero_()
        elif name.endswith("running_var"):
            value.fill_(1)


def normalised_otherwise(state: State) -> None:
    state["mean"] = [0.485]


def retrained(state: State) -> None:
    next(iter(state["model"].values())).mul_(1.001)


def constant(state: State) -> None:
    bias = list(state["model"].values())[-1]
    bias[3] += 1e6


def huge(state: State) -> None:
    for value in state["model"].values():
        if value.ndim == 2:
            value.fill_(3e38)


@pytest.mark.parametrize(
    "breaks, name, words",
    [
        (nan, "weights are finite", "NaN or infinite in"),
        pytest.param(
            dead, "every trainable parameter gets a gradient", "none for", marks=pytest.mark.nightly
        ),
        (swapped, "recorded test scores come out again", "test_accuracy 0."),
        (swapped, "recorded predictions come out again", "are others: samples"),
        (frozen, "batch norms know the training data", "far from the training samples'"),
        (normalised_otherwise, "images are normalised as recorded", "mean is 0.485, not 0."),
        pytest.param(
            retrained,
            "weights are those that were recorded",
            ", not blake3:",
            marks=pytest.mark.nightly,
        ),
        pytest.param(
            constant,
            "more than one class is predicted",
            "class 3 of each image",
            marks=pytest.mark.nightly,
        ),
        pytest.param(
            huge,
            "outputs of black, white, chequered and random images are finite",
            "NaN or infi",
            marks=pytest.mark.nightly,
        ),
    ],
)
def test_broken_weights_fail_by_name(
    run: Path, breaks: Callable[[State], None], name: str, words: str
) -> None:
    path = run / "checkpoints" / "best.pt"
    state = checkpoint.load(path)
    breaks(state)
    checkpoint.save(path, state)
    code, told = checked(run, "-k", SHORT[name])
    assert code == 1
    assert told[name]["result"] == "failed" and words in told[name]["found"], told[name]


SHORT = {
    "weights are finite": "test_finite",
    "every trainable parameter gets a gradient": "test_gradients",
    "recorded test scores come out again": "test_recorded_scores",
    "recorded predictions come out again": "test_recorded_predictions",
    "batch norms know the training data": "test_batch_norms",
    "images are normalised as recorded": "test_normalisation",
    "weights are those that were recorded": "test_weights and test_files",
    "more than one class is predicted": "test_various",
    "outputs of black, white, chequered and random images are finite": "test_extreme_images",
}


class Wrapped(nn.Module):
    """A model whose outputs are changed on their way."""

    def __init__(self, model: nn.Module, change: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.model, self.change = model, change

    def forward(self, inputs: Tensor) -> Tensor:
        return self.change(self.model(inputs))


@pytest.mark.parametrize(
    "change, word, name",
    [
        (
            lambda y: y * (torch.rand_like(y) > 0.5),
            "test_repeated",
            "the same images get the same outputs",
        ),
        (
            lambda y: y - y.mean(0),
            "test_batches",
            "an image's outputs do not depend on its batch",
        ),
        (
            lambda y: y[:, 1:],
            "test_shape",
            "outputs have the shape and kind that the task needs",
        ),
    ],
)
def test_broken_computations_fail_by_name(
    trained: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Tensor], Tensor],
    word: str,
    name: str,
) -> None:
    broken = Predictor.load(trained)
    object.__setattr__(broken, "model", Wrapped(broken.model, change).eval())
    monkeypatch.setattr(Predictor, "load", lambda *_, **__: broken)
    code, told = checked(trained, "-k", word)
    assert code == 1 and told[name]["result"] == "failed", told


def test_floors_changes_and_files(run: Path) -> None:
    (run / "metrics.csv").chmod(0o644)
    (run / "metrics.csv").write_text("epoch\n")
    words = "floor or (test_files and not test_weights and not test_norm) or invariance"
    demanded = ["--floor", "recall=1.01", "--floor", "accuracy=0.05", "--invariant", "flip=0"]
    code, told = checked(run, "-k", words, *demanded)
    failed = {name: each["found"] for name, each in told.items() if each["result"] == "failed"}
    assert code == 1 and sorted(failed) == [
        "a score is as good as demanded (recall=1.01)",
        "decisions stay (flip)",
        "files are what they were when the run ended",
    ]
    assert "and 5 more" in failed["a score is as good as demanded (recall=1.01)"]
    assert failed["decisions stay (flip)"].endswith("more than 0 %")
    assert "metrics.csv was changed" in failed["files are what they were when the run ended"]


def test_a_persons_own_checks_get_the_fixtures(trained: Path, tmp_path: Path) -> None:
    (tmp_path / "test_own.py").write_text(
        "def test_own(run, predictor, test_split, tested, found):\n"
        '    """my own check"""\n'
        "    images, targets, indices = next(test_split.batches('test', 5))\n"
        "    assert len(predictor(images)) == 5 and run.is_dir()\n"
        "    found(f\"accuracy {tested.scores['test_accuracy']:.3f}\")\n"
        "def test_bad():\n"
        "    value = 3\n"
        "    assert value == 4\n"
    )
    (tmp_path / "test_broken.py").write_text("import nothing_of_that_name\n")
    code, told = checked(trained, "--checks", str(tmp_path), "-k", "own or bad or broken")
    assert code == 1
    assert told["my own check"]["found"].startswith("accuracy 0.")
    assert told["test_bad"]["found"] == "assert 3 == 4"
    assert any("nothing_of_that_name" in each["found"] for each in told.values())


@pytest.mark.parametrize(
    "argv, words",
    [
        (["--floor", "recal=0.9"], "has no such test score, did you mean 'recall'?"),
        (["--floor", "recall"], "--floor 'recall' is no NAME=NUMBER, such as recall=0.9"),
        (["--invariant", "flop=0.1"], "there is no such change, did you mean 'flip'?"),
        (["--invariant", "flip=2"], "a share is in [0, 1]"),
        (["--max-latency", "0"], "--max-latency must be above 0"),
        (["--checks", "nowhere"], "--checks nowhere: there is no such folder"),
        (["-k", "no_such_check"], "there is no such check"),
    ],
)
def test_mistakes_are_one_line(
    trained: Path, capsys: pytest.CaptureFixture[str], argv: list[str], words: str
) -> None:
    assert main([str(trained), *argv]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert line.startswith("error: ") and words in line
