"""Several runs one after another: each is what it would be alone; failures and signals."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from project.cli.flags import parse
from project.main import main
from project.processes import seeds
from project.provenance.short_ids import short_ids

FLAGS = (
    "--exp-name many --model mlp --hidden-dim 8 --max-epochs 1 --tracker none"
    " --without reports predictions"
).split()


def here(asked: list[Sequence[str]]) -> object:
    """Stands for the process of a run."""

    def run(self: object, argv: Sequence[str], says: int) -> int:
        asked.append(argv)
        os.environ[seeds.TELL] = str(says)
        try:
            return main(argv)
        finally:
            del os.environ[seeds.TELL]

    return run


def runs(exp_dir: Path) -> dict[int, Path]:
    found = {}
    for path in exp_dir.glob("*/*/record.json"):
        found[json.loads(path.read_text())["flags"]["seed"]] = path.parent
    return found


def test_each_run_is_what_it_would_be_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[Sequence[str]] = []
    monkeypatch.setattr(seeds._Present, "run", here(asked))
    argv = [*FLAGS, "--exp-dir", str(tmp_path / "many")]
    assert main([*argv[:2], "--seeds", "3", "1", *argv[2:]]) == 0
    assert asked == [[*argv, "--seed", seed] for seed in ("3", "1")]
    said = capsys.readouterr()
    assert main([*FLAGS, "--exp-dir", str(tmp_path / "alone"), "--seed", "1"]) == 0
    together, (alone,) = runs(tmp_path / "many"), runs(tmp_path / "alone").values()
    both = [json.loads((run / "outcome.json").read_text()) for run in (together[1], alone)]
    for name in ("weights", "test", "best"):
        assert both[0][name] == both[1][name]
    record = json.loads((together[1] / "record.json").read_text())
    assert "seeds" not in record["flags"] and record["command"].endswith(" --seed 1")
    # The last lines are of all, and compare them.
    *_, told, command = said.out.splitlines()
    assert told == "compare them:" and "compare it" not in said.out
    assert " -m project.compare many --exp-dir " in command  # where no other run is
    scores = [json.loads((run / "outcome.json").read_text())["test"] for run in together.values()]
    mean = sum(float(score["test_accuracy"]) for score in scores) / 2
    assert "\nmany: mean ± standard deviation of seeds 3, 1\n" in said.out
    assert f"test {mean:.4f} ± " in said.out.rpartition("many: mean")[2]


@pytest.mark.parametrize(
    "codes, expected", [((0, 1, 0), 1), ((2,), 2), ((0, 2, 0), 1), ((0, -9, 0), 1)]
)
def test_what_fails_ends_no_other_but_what_can_not_begin(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    codes: tuple[int, ...],
    expected: int,
) -> None:
    left = list(codes)
    monkeypatch.setattr(seeds._Present, "run", lambda *_: left.pop(0))
    assert seeds.run_each((0, 1, 2), ["--seeds", "0", "1", "2"], short_ids) == expected
    assert not left
    failed = [line for line in capsys.readouterr().out.splitlines() if "seed 1: " in line]
    how = {1: "exit code 1", 2: "exit code 2", -9: "killed by SIGKILL"}
    assert failed == ([f"failed  seed 1: {how[codes[1]]}"] if len(codes) == 3 else [])


def test_a_launcher_starts_one_run(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RANK", "LOCAL_RANK", "GROUP_RANK"):
        monkeypatch.setenv(name, "0")
    for name in ("WORLD_SIZE", "LOCAL_WORLD_SIZE", "TORCHELASTIC_RUN_ID"):
        monkeypatch.setenv(name, "2")
    with pytest.raises(ValueError, match="--seeds: torchrun starts the processes of one run; "):
        seeds.run_each(parse(["--seeds", "0", "1"], {}).seeds, [], short_ids)


@pytest.mark.nightly
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_present_run_and_starts_no_other(tmp_path: Path, number: int) -> None:
    argv = [*FLAGS, "--max-epochs", "100000", "--exp-dir", str(tmp_path), "--seeds", "0", "1", "2"]
    command = [sys.executable, "-m", "project.run", *argv]
    # In a session of its own, as there is no terminal that tells all processes.
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen(command, start_new_session=True, **pipes)
    for line in process.stderr:
        if line.startswith("epoch 2/"):
            process.send_signal(number)
            break
    said, _ = process.communicate()
    assert process.returncode == 128 + number
    (run,) = tmp_path.glob("many/*")
    assert json.loads((run / "outcome.json").read_text())["status"] == "interrupted"
    *_, told, last = said.splitlines()
    assert told == "not run: seeds 1, 2; to run them later:" and last.endswith(" --seeds 1 2")
    assert f"--resume {run.name} " in said
