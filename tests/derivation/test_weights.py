"""Files of weights: what they hold and say, against NumPy and torch's own `update_bn`."""

import json
import signal
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from sklearn.metrics import accuracy_score, balanced_accuracy_score
from torch import nn
from torch.optim.swa_utils import update_bn

from project import data, models
from project.cli.flags import parse
from project.experiment import with_checkpoint
from project.export import main as export
from project.hyperparameters import Hyperparameters
from project.inference.predictor import Predictor
from project.main import main
from project.plan import make_plan
from project.training import checkpoint
from project.training.digest import digest
from project.training.weights import load_weights
from project.weights import main as weights
from tests.test_from import run
from tests.test_resume import at_step

FLAGS = (
    "--width 4 --depth 1 --hidden-dim 8 --dropout 0.2 --learning-rate 0.02 --batch-size 200"
    " --exp-name made --tracker none --without reports predictions"
).split()
TWINS = ("blocks.0.1=blocks.0.4", "blocks.0.0", "blocks.0.1", "blocks.0.4")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("made")


@pytest.fixture(scope="module")
def trained(folder: Path) -> Path:
    return run(folder, *FLAGS, "--max-epochs", "2", "--learning-rate", "0.1")


@pytest.fixture(scope="module")
def other(folder: Path, trained: Path) -> Path:
    """Weights near those of the run, as of a run with another seed."""
    state = checkpoint.load(trained / "checkpoints" / "best.pt")
    draw = torch.Generator().manual_seed(1)
    for name, tensor in state["model"].items():
        if tensor.is_floating_point():
            tensor += 0.05 * torch.rand(tensor.shape, generator=draw)
        else:
            tensor += 7
    state["hyperparameters"]["seed"] = 3
    checkpoint.save(folder / "other.pt", state)
    return folder / "other.pt"


def made(folder: Path, name: str, action: str, *words: str) -> dict[str, Any]:
    """What a command has written."""
    path = folder / name
    assert weights([action, *words, "-o", str(path), "--exp-dir", str(folder)]) == 0
    return checkpoint.load(path)


def refused(capsys: pytest.CaptureFixture[str], folder: Path, *argv: str) -> list[str]:
    """The lines of a command that writes nothing."""
    before = sorted(folder.iterdir())
    capsys.readouterr()
    assert weights([*argv, "--exp-dir", str(folder)]) == 2
    assert sorted(folder.iterdir()) == before
    return [line.removeprefix("error: ") for line in capsys.readouterr().err.splitlines()]


def test_a_merge_is_the_exact_mean_with_its_own_statistics_and_says_scores(
    folder: Path, trained: Path, other: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = made(folder, "m.pt", "merge", trained.name, str(other), "--shares", "1", "3")
    told = capsys.readouterr().out
    first = checkpoint.load(trained / "checkpoints" / "best.pt")["model"]
    second = checkpoint.load(other)["model"]
    hparams = Hyperparameters.from_values(state["hyperparameters"])
    expected = {}
    for name, tensor in first.items():
        pair = [tensor.numpy().astype(np.float64), second[name].numpy().astype(np.float64)]
        exact = np.asarray((pair[0] + 3 * pair[1]) / 4)
        expected[name] = torch.from_numpy(exact).to(tensor.dtype)
    dataset = data.prepare(hparams)
    model = models.build(dataset.shape, 10, hparams)
    model.load_state_dict(expected)
    model.to(memory_format=torch.channels_last)
    loader = dataset.loader("train", hparams)
    torch.manual_seed(hparams.seed)
    update_bn((batch.inputs for block in loader for batch in block), model)
    for name, tensor in model.state_dict().items():
        assert torch.equal(state["model"][name], tensor), name
    model.eval()
    batches = [batch for block in dataset.loader("val", hparams) for batch in block]
    with torch.no_grad():
        preds = torch.cat([model(batch.inputs).argmax(1) for batch in batches])
    targets = torch.cat([batch.targets for batch in batches])
    scores = state["made"]["scores"]
    assert scores["merged"]["accuracy"] == pytest.approx(accuracy_score(targets, preds))
    balanced = balanced_accuracy_score(targets, preds)
    assert scores["merged"]["balanced_accuracy"] == pytest.approx(balanced)
    best = (trained / "outcome.json").read_text()
    assert f'"val_accuracy": {scores["sources"][0]["accuracy"]}' in best
    for name, found in zip((trained.name, "other.pt"), scores["sources"]):
        assert any(name in li and f"{found['accuracy']:.4f}" in li for li in told.splitlines())
    assert "was trained with another seed: some of these validation samples" in told
    sources = state["made"]["sources"]
    assert [source["weights"] for source in sources] == [digest(first), digest(second)]
    assert [source["run_id"] for source in sources] == [trained.name, None]
    assert Predictor.load(folder / "m.pt").weights_hash == digest(state["model"])


def test_shared_frozen_forked_and_extracted(folder: Path, trained: Path) -> None:
    best = checkpoint.load(trained / "checkpoints" / "best.pt")["model"]
    shared = made(folder, "s.pt", "share", trained.name, TWINS[0])
    for name, tensor in shared["model"].items():
        source = name.replace("blocks.0.4", "blocks.0.1")
        assert torch.equal(tensor, best[source])
        assert (tensor.data_ptr() == shared["model"][source].data_ptr()) or tensor.numel() == 0
    frozen = made(folder, "z.pt", "freeze", str(folder / "s.pt"), "blocks.0.1", "head*")
    assert frozen["made"]["share"] == [TWINS[0]]
    assert frozen["made"]["freeze"] == ["blocks.0.1", "head*"]
    assert digest(frozen["model"]) == digest(shared["model"])
    forked = made(folder, "f.pt", "fork", str(folder / "z.pt"))
    assert "share" not in forked["made"] and "freeze" not in forked["made"]
    forked["model"]["blocks.0.4.weight"] += 1
    assert torch.equal(forked["model"]["blocks.0.1.weight"], best["blocks.0.1.weight"])
    block = made(folder, "x.pt", "extract", trained.name, "blocks.0.0", "--as", "blocks.0.3")
    assert list(block["model"]) == ["blocks.0.3.weight"]
    assert block["made"]["sources"][0]["weights"] == digest(best)


def test_a_blocks_weights_go_into_that_block_alone(folder: Path, trained: Path) -> None:
    """Into a net of other classes and another head, whose other weights stay as they are drawn."""
    made(folder, "b.pt", "extract", trained.name, "blocks")
    state = checkpoint.load(folder / "b.pt")
    hparams = Hyperparameters(width=4, depth=1, hidden_dim=5)
    model = models.build((1, 8, 8), 3, hparams)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    load_weights(model, state, folder / "b.pt", parts=True)
    for name, tensor in model.state_dict().items():
        expected = state["model"][name] if name.startswith("blocks") else before[name]
        assert torch.equal(tensor, expected), name
    with pytest.raises(ValueError, match="holds the weights of blocks alone, no whole model"):
        Predictor.load(folder / "b.pt")
    with pytest.raises(ValueError, match="weights of blocks, which this model has not: it has 1"):
        load_weights(nn.Sequential(nn.Flatten(), nn.Linear(1, 1)), state, Path("b.pt"), parts=True)


def test_a_run_has_the_flags_that_its_file_says(folder: Path, trained: Path) -> None:
    made(folder, "h.pt", "share", trained.name, TWINS[0])
    made(folder, "i.pt", "freeze", str(folder / "h.pt"), TWINS[1])
    argv = ["--checkpoint", str(folder / "i.pt"), "--freeze", "head.4", "--exp-dir", str(folder)]
    plan, _ = with_checkpoint(make_plan(parse(argv)))
    assert (plan.hparams.share, plan.hparams.freeze) == ((TWINS[0],), (TWINS[1], "head.4"))
    plan, _ = with_checkpoint(make_plan(parse([*argv[:2], "--only-test", "--exp-dir", *argv[-1:]])))
    assert (plan.hparams.share, plan.hparams.freeze) == ((), ())


@pytest.mark.nightly
def test_a_run_shares_and_freezes_as_its_file_says_after_a_resume_too(
    folder: Path, trained: Path
) -> None:
    made(folder, "r.pt", "share", trained.name, TWINS[0])
    begun = made(folder, "q.pt", "freeze", str(folder / "r.pt"), TWINS[1])["model"]
    argv = [*FLAGS, "--max-epochs", "2", "--checkpoint", str(folder / "q.pt")]
    argv += ["--exp-dir", str(folder / "again"), "--freeze", "head.4"]
    with at_step("_optimize", 9, lambda: signal.raise_signal(signal.SIGINT)):
        assert main(argv) == 130
    assert main(["--resume", "last", "--exp-dir", str(folder / "again")]) == 0
    (again,) = (folder / "again").glob("made/2*")
    last = checkpoint.load(again / "checkpoints" / "last.pt")
    assert last["hyperparameters"]["share"] == [TWINS[0]]
    record = json.loads((again / "record.json").read_text())
    assert record["start"]["made"] == checkpoint.load(folder / "q.pt")["made"]
    assert last["hyperparameters"]["freeze"] == [TWINS[1], "head.4"]
    for name, tensor in last["model"].items():
        still = name.startswith((TWINS[1], "head.4"))
        assert torch.equal(tensor, begun[name]) == still, name
        assert torch.equal(tensor, last["model"][name.replace(TWINS[3], TWINS[2])]), name


@pytest.mark.nightly
def test_a_merge_is_exported_and_proven_on_the_runs_test(
    folder: Path, trained: Path, other: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = made(folder, "e.pt", "merge", trained.name, str(other))
    asked = [str(trained), "--weights", str(folder / "e.pt")]
    assert export([*asked, "-o", str(folder / "onnx")]) == 0
    assert "PROVEN" in capsys.readouterr().out
    proof = json.loads((folder / "onnx" / "proof.json").read_text())
    assert proof["metadata"]["weights_hash"] == digest(state["model"])
    session = onnxruntime.InferenceSession(folder / "onnx" / "model.onnx")
    predictor = Predictor.load(folder / "e.pt")
    images = torch.randint(256, (5, 1, 8, 8), dtype=torch.uint8)
    probs, _ = session.run(None, {"images": images.numpy()})
    torch.testing.assert_close(torch.from_numpy(probs), predictor.probs(images), atol=1e-5, rtol=0)


def test_what_an_export_of_other_weights_needs(capsys: pytest.CaptureFixture[str]) -> None:
    for more, said in (
        ((), "--weights needs --output: what is made of it is none of the run's"),
        (("-o", "x", "--format", "safetensors"), "--weights excludes --register and --format"),
    ):
        assert export(["last", "--weights", "a.pt", *more]) == 2
        assert capsys.readouterr().err.startswith(f"error: {said}")


def test_what_can_not_be_made_is_told_in_a_line_each_and_nothing_is_written(
    folder: Path, trained: Path, other: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there, new = trained.name, str(folder / "new.pt")
    told = refused(capsys, folder, "share", there, "head.1=head.4", "haed=head", "-o", new)
    assert told == [
        "share head.1=head.4: not of the same shapes: weight is (8, 4) in the first and (10, 8)"
        " in the other (and 1 more)",
        "share 'haed' is no block of the model, did you mean 'head'?",
    ]
    assert refused(capsys, folder, "freeze", there, "hed", "*.wieght", "-o", new) == [
        "freeze 'hed' is no parameter of the model, did you mean 'head'?",
        "freeze '*.wieght' matches no parameter of the model: it has blocks, head",
    ]
    (line,) = refused(capsys, folder, "extract", there, "blocks.1", "-o", new)
    assert line == "BLOCK 'blocks.1' is no block of the model, did you mean 'blocks.0.1'?"
    (line,) = refused(capsys, folder, "fork", there, "-o", str(other))
    assert line.endswith("other.pt is there already; give another name")
    state = checkpoint.load(other)
    state["model"]["head.1.weight"] = torch.zeros(9, 4)
    checkpoint.save(folder / "wide.pt", state)
    wide, path = str(folder / "wide.pt"), str(trained / "checkpoints" / "best.pt")
    (line,) = refused(capsys, folder, "merge", path, wide, "-o", new)
    assert "wide.pt are not of the same shapes: head.1.weight is (8, 4) in the first" in line
    (line,) = refused(capsys, folder, "merge", there, there, "--shares", "1", "-o", new)
    assert line == "--shares: 1 of them for 2 models; give one each"
