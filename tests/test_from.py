"""`--from RUN`: a new run that goes on from another one equals, bit for bit, what it should be."""

import json
import os
import shutil
import signal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch.nn.functional import cross_entropy

from project import data, models
from project.callbacks.early_stopping import EarlyStopping
from project.compare import main as compare
from project.hyperparameters import Hyperparameters
from project.main import main
from project.provenance.handed_over import has_state, having
from project.provenance.parents import changed_flags
from project.reproduce import main as reproduce
from project.runs import main as runs
from project.verify import main as verify
from tests.test_resume import at_step, logged, weights

# One worker has the runs that they share.
pytestmark = pytest.mark.xdist_group("from")
# 1,258 digits to train on are 10 steps an epoch; dropout and augmentation draw random numbers.
FLAGS = (
    "--model mlp --hidden-dim 16 --dropout 0.3 --augment flip crop --schedule constant"
    " --exp-name goes-on --tracker none --seed 5 --learning-rate 0.01"
    " --without reports predictions"  # half of the work, which nothing here looks at
).split()


def run(exp_dir: Path, *flags: str) -> Path:
    """The directory of a new run."""
    before = set(exp_dir.glob("*/*"))
    assert main([*flags, "--exp-dir", str(exp_dir)]) == 0
    (directory,) = set(exp_dir.glob("*/*")) - before
    return directory


def read(directory: Path, name: str) -> dict[str, Any]:
    return json.loads((directory / name).read_text())


def refusal(capsys: pytest.CaptureFixture[str], exp_dir: Path, *flags: str) -> list[str]:
    """The lines by which a command is refused, having written nothing."""
    before = sorted(exp_dir.rglob("*"))
    capsys.readouterr()
    assert main([*flags, "--exp-dir", str(exp_dir)]) == 2
    assert sorted(exp_dir.rglob("*")) == before
    lines = capsys.readouterr().err.splitlines()
    return [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]


@pytest.fixture(scope="module")
def exp_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("from")


@pytest.fixture(scope="module")
def parent(exp_dir: Path) -> Path:
    return run(exp_dir, *FLAGS, "--max-epochs", "2")


@pytest.fixture(scope="module")
def child(exp_dir: Path, parent: Path) -> Path:
    return run(exp_dir, "--from", parent.name, "--max-epochs", "4")


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of as many epochs, without a stop."""
    return run(tmp_path_factory.mktemp("straight"), *FLAGS, "--max-epochs", "4")


def assert_same_weights(ours: Path, reference: Path) -> None:
    for name in ("last.pt", "best.pt"):
        got, expected = weights(ours, name), weights(reference, name)
        assert got.keys() == expected.keys()
        assert all(torch.equal(got[key], expected[key]) for key in expected), name


def test_it_equals_a_run_without_a_stop(parent: Path, child: Path, straight: Path) -> None:
    assert_same_weights(child, straight)
    assert logged(parent) | logged(child) == logged(straight) | {
        key: value for key, value in logged(parent).items() if key[0].startswith("test_")
    }
    ours, theirs = read(child, "outcome.json"), read(straight, "outcome.json")
    assert (ours["epochs"], ours["steps"], ours["test"]) == (4, 40, theirs["test"])
    assert {k: v for k, v in ours["best"].items() if k != "run_id"} == theirs["best"]


def parents_checkpoint(parent: Path, name: str = "last.pt") -> dict[str, Any]:
    return torch.load(parent / "checkpoints" / name, weights_only=True)


def test_it_equals_a_plain_loop_that_loads_the_same_state(exp_dir: Path, parent: Path) -> None:
    """PyTorch's own schedulers; nothing of ours but the data, the model and the flags."""
    ours = run(exp_dir, "--from", parent.name, "--max-epochs", "3", "--schedule", "one-cycle")
    state = parents_checkpoint(parent)
    hparams = Hyperparameters.from_values(read(ours, "record.json")["flags"])
    dataset = data.prepare(hparams)
    model = models.build(dataset.shape, 10, hparams)
    model.load_state_dict(state["model"])
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=0.01, betas=(0.9, 0.999), weight_decay=1e-2, fused=True
    )
    optimizer.load_state_dict(state["optimizer"])
    loader = dataset.loader("train", hparams)
    assert (state["epoch"], state["step"], loader.steps) == (2, 20, 10)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 0.01, 3 * 10 + 1, pct_start=0.3, base_momentum=0.81, max_momentum=0.9
    )
    for _ in range(20):  # the steps that the parent did; without gradients, they change nothing
        optimizer.step()
        schedule.step()
    torch.set_rng_state(state["rng"][0]["torch"])
    model.train()
    loader.seek(2)
    for block in loader:
        for inputs, targets, size, _ in block:
            optimizer.zero_grad()
            (cross_entropy(model(inputs), targets, reduction="sum") / size).backward()
            optimizer.step()
            schedule.step()
    got = weights(ours, "last.pt")
    assert all(torch.equal(got[name], value) for name, value in model.state_dict().items())


def test_the_record_names_the_parent_and_others_follow_it(
    parent: Path, child: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record, folder = read(child, "record.json"), ["--exp-dir", str(child.parents[1])]
    told = record["parent"]
    assert (told["run_id"], told["epoch"], told["step"], told["step_in_epoch"]) == (
        *(parent.name, 2, 20, 0),
    )
    assert record["start"]["weights"] == read(parent, "outcome.json")["weights"]["last.pt"]
    flags, theirs = record["flags"], read(parent, "record.json")["flags"]
    assert flags == theirs | {"max_epochs": 4, "from": parent.name}
    assert having(parent, told) == parent and not has_state(child, told)
    assert verify([child.name, *folder]) == 0
    assert f"began with the weights that {parent.name} had at step 20" in capsys.readouterr().out
    assert runs(["show", child.name, *folder]) == 0
    assert f"{parent.name} after epoch 2 (step 20)" in capsys.readouterr().out
    assert compare([parent.name, child.name, *folder]) == 0
    assert "b goes on from a after epoch 2" in capsys.readouterr().out
    assert runs(["export", child.name, str(child.parents[1] / "child.tar.gz"), *folder]) == 0
    assert f"goes on from {parent.name}: to be reproduced it needs" in capsys.readouterr().out


def test_what_is_left_to_train_it_says(
    exp_dir: Path, parent: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (line,) = refusal(capsys, exp_dir, "--from", parent.name)
    assert line == (
        f"--from {parent.name}: it has its 2 epochs; give a larger total, its own included:"
        " --max-epochs 12"
    )
    (line,) = refusal(capsys, exp_dir, "--from", parent.name, "--max-steps", "20")
    assert "it has its 20 steps; give a larger total" in line and "--max-steps 40" in line
    (line,) = refusal(capsys, exp_dir, "--resume", parent.name)
    assert line.endswith(f"a new run goes on from it with --from {parent.name} --max-epochs TOTAL")


@pytest.mark.parametrize(
    "flag, value, then, why",
    [
        ("--model", "cnn", "mlp", "its weights fit no other model"),
        ("--hidden-dim", "32", "16", "its weights fit no other model"),
        ("--optimizer", "sgd", "adamw", "its optimizer's state fits no other"),
        ("--seed", "6", "5", "what it held out could train"),
        ("--val-fraction", "0.2", "0.1", "what it held out could train"),
        ("--data", "synthetic", "digits", "what it held out could train"),
    ],
)
def test_what_may_not_be_another_is_refused(
    exp_dir: Path,
    parent: Path,
    flag: str,
    value: str,
    then: str,
    why: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    argv = ("--from", parent.name, "--max-epochs", "4", flag, value)
    (line,) = refusal(capsys, exp_dir, *argv)
    assert line.startswith(f"--from {parent.name}: {flag} was {then} there, not {value}: ")
    assert why in line and line.endswith(f"--config {parent.name}")


@pytest.mark.parametrize(
    "more, said",
    [
        (("--resume", "last"), "--resume and --from exclude each other"),
        (("--checkpoint", "last"), "--from and --checkpoint exclude each other"),
        (("--only-test",), "--from and --only-test exclude each other"),
        (("--fast-dev-run",), "--from and --fast-dev-run exclude each other"),
    ],
)
def test_it_is_one_way_to_begin(
    exp_dir: Path,
    parent: Path,
    more: tuple[str, ...],
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = refusal(capsys, exp_dir, "--from", parent.name, "--max-epochs", "4", *more)
    assert any(line.startswith(said) for line in lines)


def test_data_that_changed_are_refused(
    exp_dir: Path,
    parent: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    copy = shutil.copytree(parent, tmp_path / "changed" / parent.name)
    record = read(copy, "record.json")
    record["data"]["hash"] = record["data"]["hashes"]["train"] = "blake3:" + "0" * 64
    (copy / "record.json").chmod(0o644)
    (copy / "record.json").write_text(json.dumps(record))
    (line,) = refusal(capsys, tmp_path, "--from", "last", "--max-epochs", "3")
    assert line.startswith(f"--from {parent.name}: the data are not those that it was trained on: ")


def test_the_flags_of_a_run_are_a_config(
    exp_dir: Path, child: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["--exp-dir", str(exp_dir), "--seed", "7", "--print-config"]
    with pytest.raises(SystemExit):
        main(["--config", child.name, *flags])
    printed = dict(line.split(": ", 1) for line in capsys.readouterr().out.splitlines())
    recorded = read(child, "record.json")["flags"]
    assert printed["from"] == "none" and printed["seed"] == "7"
    for name in recorded.keys() - {"from", "seed", "exp_dir"}:
        text = printed[name]
        assert (None if text == "none" else json.loads(text)) == recorded[name], name
    (line,) = refusal(capsys, exp_dir, "--config", "lost")
    assert line.startswith("--config lost: there is no such file, and no such run: ")


def test_an_interrupted_one_needs_nothing_of_its_parent(
    parent: Path, straight: Path, tmp_path: Path
) -> None:
    copy = shutil.copytree(parent, tmp_path / "goes-on" / parent.name)
    flags = ["--from", "last", "--max-epochs", "4", "--exp-dir", str(tmp_path)]
    with at_step("_optimize", 33, lambda: os.kill(os.getpid(), signal.SIGTERM)):
        assert main(flags) == 128 + signal.SIGTERM
    shutil.rmtree(copy)
    assert main(["--resume", "last", "--exp-dir", str(tmp_path)]) == 0
    (ours,) = (tmp_path / "goes-on").iterdir()
    assert_same_weights(ours, straight)
    assert read(ours, "outcome.json")["test"] == read(straight, "outcome.json")["test"]


def test_patience_that_was_at_its_end_counts_anew() -> None:
    """Stopped early after epoch 5, whose best was epoch 2, it goes on for three more."""

    def stops(begins: int, best: int, patience: int = 3) -> int:
        callback = EarlyStopping(patience, SimpleNamespace(best={"epoch": best}), begins)
        for epoch in range(begins, 100):
            trainer = SimpleNamespace(current_epoch=epoch, should_stop=False)
            callback.on_validation_end(trainer, None)
            if trainer.should_stop:
                return epoch
        raise AssertionError

    assert stops(begins=6, best=2) == 8
    # As a run without a stop would, where patience was left.
    assert stops(begins=4, best=2) == stops(begins=0, best=2) == 5


@pytest.mark.nightly
def test_from_the_middle_of_an_epoch(straight: Path, tmp_path: Path) -> None:
    """`--max-steps` ends a run after 15 steps, of 10 an epoch; one more run goes on from there."""
    first = run(tmp_path, *FLAGS, "--max-epochs", "4", "--max-steps", "15")
    second = run(tmp_path, "--from", first.name, "--max-steps", "25")
    third = run(tmp_path, "--from", second.name, "--max-steps", "none")
    assert read(second, "record.json")["parent"]["step_in_epoch"] == 5
    got, expected = weights(third, "last.pt"), weights(straight, "last.pt")
    assert all(torch.equal(got[key], expected[key]) for key in expected)


@pytest.mark.nightly
def test_a_chain_is_reproduced_though_its_beginnings_are_gone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = ["--exp-dir", str(tmp_path)]
    first = run(tmp_path, *FLAGS, "--max-epochs", "1", "--keep", "none")
    assert refusal(capsys, tmp_path, "--from", first.name, "--max-epochs", "2")
    first = run(tmp_path, *FLAGS, "--max-epochs", "1")
    second = run(tmp_path, "--from", first.name, "--max-epochs", "2")
    third = run(tmp_path, "--from", second.name, "--max-epochs", "3")
    for directory in (first, second):
        for path in (directory / "checkpoints").glob("*.pt"):
            path.unlink()
    capsys.readouterr()
    assert reproduce([third.name, *folder]) == 0
    said = capsys.readouterr().out.splitlines()
    assert [line.partition(" ")[0] for line in said if "is run again first" in line] == [
        second.name,
        first.name,
    ]
    assert sum(line.startswith("REPRODUCED bit for bit") for line in said) == 3
    assert said[-1].startswith("REPRODUCED bit for bit") and "and the weights" in said[-1]
    shutil.rmtree(second)
    shutil.rmtree(first)
    # What was made again stands in their places only while they themselves are there.
    assert reproduce([third.name, *folder]) == 2
    assert f"goes on from {second.name}, which is not here" in capsys.readouterr().err


def test_flags_that_training_depends_on_are_told_where_they_are_others() -> None:
    then = Hyperparameters(loss=("focal",), description="x", max_epochs=3).to_values()
    now = Hyperparameters(loss=("focal",), max_epochs=9, batch_size=32)
    told = changed_flags(then, now.replace(plugs={"focal": {"focal_gamma": 3}}))
    assert told == ["--batch-size 32 (was 128)", "--focal-gamma 3.0 (was 2.0)"]
    assert changed_flags(then, now.replace(loss=("cross-entropy",), batch_size=128)) == [
        "--loss cross-entropy (was focal)"
    ]
