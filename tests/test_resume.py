"""A run that was stopped and went on equals, bit for bit, the one that was never stopped."""

import json
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch

from project.main import main
from project.solver import Solver
from tests import forks

# 1,797 digits less 20 % and 10 % are about 1,258 for training: 40 batches of 32 an epoch, in blocks
# of 32 and 8. What draws random numbers or keeps state is on: dropout, augmentation, a schedule.
FLAGS = (
    "--model mlp --hidden-dim 32 --dropout 0.3 --augment flip crop --batch-size 32 --max-epochs 3"
    " --schedule one-cycle --early-stopping 2 --exp-name resumed --tracker none --seed 5"
    " --loss cross-entropy focal*0.5 --class-weights balanced --sampler balanced"
    " --without reports predictions"  # which nothing here looks at
).split()
TIMED = {"samples_per_second"}


def only_run(exp_dir: Path) -> Path:
    (directory,) = (exp_dir / "resumed").iterdir()
    return directory


def weights(directory: Path, name: str) -> dict[str, torch.Tensor]:
    state = torch.load(directory / "checkpoints" / name, weights_only=True)
    return state["model"]


def logged(directory: Path) -> dict[tuple[str, int], float]:
    """Every value by (name, step); a value logged twice fails."""
    points = {}
    for line in (directory / "journal.jsonl").read_text().splitlines():
        record = json.loads(line)
        for name, value in record["metrics"].items():
            assert (
                name,
                record["step"],
            ) not in points, f"{name} stands twice at step {record['step']}"
            points[name, record["step"]] = value
    return {key: value for key, value in points.items() if key[0] not in TIMED}


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    exp_dir = tmp_path_factory.mktemp("uninterrupted")
    assert main([*FLAGS, "--exp-dir", str(exp_dir)]) == 0
    return only_run(exp_dir)


def assert_equal_runs(ours: Path, reference: Path) -> None:
    for name in ("last.pt", "best.pt"):
        got, expected = weights(ours, name), weights(reference, name)
        assert got.keys() == expected.keys()
        assert all(torch.equal(got[key], expected[key]) for key in expected), name
    assert logged(ours) == logged(reference)
    got, expected = (json.loads((d / "outcome.json").read_text()) for d in (ours, reference))
    assert got["status"] == "finished"
    assert (got["test"], got["best"], got["steps"]) == (
        expected["test"],
        expected["best"],
        expected["steps"],
    )


@contextmanager
def at_step(method: str, step: int, action: Callable[[], Any]) -> Iterator[None]:
    """Do `action` when `Solver.<method>` is called while `step` steps are done."""
    original, done = getattr(Solver, method), []

    def patched(self: Solver, *args: Any, **kwargs: Any) -> Any:
        if self.step == step and not done:
            done.append(True)
            action()
        return original(self, *args, **kwargs)

    setattr(Solver, method, patched)
    try:
        yield
    finally:
        setattr(Solver, method, original)


@pytest.mark.parametrize(
    "signum, method, step",
    [
        # in the second epoch's first block
        pytest.param(signal.SIGINT, "_optimize", 46, marks=pytest.mark.nightly),
        (signal.SIGTERM, "_optimize", 71),  # right before a block of the second epoch ends
        # in the first validation
        pytest.param(signal.SIGINT, "eval_step", 40, marks=pytest.mark.nightly),
        (signal.SIGINT, "eval_step", 120),  # in the last validation
    ],
)
def test_interrupted_by_a_signal(
    uninterrupted: Path, tmp_path: Path, signum: int, method: str, step: int
) -> None:
    with at_step(method, step, lambda: os.kill(os.getpid(), signum)):
        assert main([*FLAGS, "--exp-dir", str(tmp_path)]) == 128 + signum
    directory = only_run(tmp_path)
    record = (directory / "record.json").read_bytes()
    assert json.loads((directory / "outcome.json").read_text())["status"] == "interrupted"
    assert main(["--resume", "last", "--exp-dir", str(tmp_path)]) == 0
    assert only_run(tmp_path) == directory
    assert (directory / "record.json").read_bytes() == record
    assert_equal_runs(directory, uninterrupted)


# A thread writes the checkpoints: that of an earlier block is on the disk by then, or soon.
KILLED = """
import os, signal, sys, time
from pathlib import Path
import benchmarks  # as other tests of the process that goes on may have
from project.main import main
from tests.test_resume import FLAGS, at_step

method, step, exp_dir = sys.argv[1:]

def die():
    while not list(Path(exp_dir).glob("*/*/checkpoints/last.pt")):
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGKILL)

with at_step(method, int(step), die):
    main([*FLAGS, "--checkpoint-every", "0", "--exp-dir", exp_dir])
"""


@pytest.mark.parametrize(
    "method, step",
    [("_optimize", 75), pytest.param("eval_step", 80, marks=pytest.mark.nightly)],
)
def test_killed(uninterrupted: Path, tmp_path: Path, method: str, step: int) -> None:
    """kill -9 in the middle of an epoch and of a validation, with checkpoints after every block."""
    ended = forks.completed(["-c", KILLED, method, str(step), tmp_path])
    assert ended.returncode == -signal.SIGKILL
    directory = only_run(tmp_path)
    assert not (directory / "outcome.json").exists()
    assert main(["--resume", directory.name[:-1], "--exp-dir", str(tmp_path)]) == 0
    assert_equal_runs(directory, uninterrupted)


def test_a_finished_run_is_not_resumed(
    uninterrupted: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    exp_dir = uninterrupted.parents[1]
    before = (uninterrupted / "outcome.json").read_bytes()
    assert main(["--resume", uninterrupted.name, "--exp-dir", str(exp_dir)]) == 2
    assert "finished" in capsys.readouterr().err
    assert (uninterrupted / "outcome.json").read_bytes() == before


def test_a_checkpoint_that_training_can_not_go_on_from_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with at_step("_optimize", 45, lambda: os.kill(os.getpid(), signal.SIGTERM)):
        assert main([*FLAGS, "--exp-dir", str(tmp_path)]) == 128 + signal.SIGTERM
    directory = only_run(tmp_path)
    before = (directory / "outcome.json").read_bytes()
    shutil.copy(directory / "checkpoints" / "best.pt", directory / "checkpoints" / "last.pt")
    assert main(["--resume", "last", "--exp-dir", str(tmp_path)]) == 2
    assert "needs to go on: epoch, step" in capsys.readouterr().err
    assert (directory / "outcome.json").read_bytes() == before


def test_what_a_resumption_needs_is_looked_at_before_it_trains(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with at_step("_optimize", 45, lambda: os.kill(os.getpid(), signal.SIGTERM)):
        assert main([*FLAGS, "--exp-dir", str(tmp_path)]) == 128 + signal.SIGTERM
    directory = only_run(tmp_path)
    record = json.loads((directory / "record.json").read_text())
    outcome = json.loads((directory / "outcome.json").read_text())
    best = (directory / "checkpoints" / "best.pt").read_bytes()

    def refusal(name: str, content: bytes) -> str:
        path = directory / name
        before = path.read_bytes()
        path.write_bytes(content)
        capsys.readouterr()
        assert main(["--resume", "last", "--exp-dir", str(tmp_path)]) == 2
        path.write_bytes(before)
        (line,) = [line for line in capsys.readouterr().err.splitlines() if "error: " in line]
        return line.removeprefix(f"error: {path} ")

    assert refusal("checkpoints/best.pt", best[:-1]) == "is cut off: the last byte is missing"
    other = json.dumps(record | {"flags": []}).encode()
    assert refusal("record.json", other) == "is damaged: its flags are [], no object"
    other = json.dumps(record | {"flags": record["flags"] | {"batch_size": "x"}}).encode()
    assert refusal("record.json", other).startswith("was made with other flags: --batch-size must")
    other = json.dumps(outcome | {"duration": []}).encode()
    assert refusal("outcome.json", other) == "is damaged: 'duration' is [], not number"
    (directory / "checkpoints" / "best.pt").unlink()
    assert main(["--resume", "last", "--exp-dir", str(tmp_path)]) == 2
    assert "checkpoints/best.pt: No such file or directory" in capsys.readouterr().err
