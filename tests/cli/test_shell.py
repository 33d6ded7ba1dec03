"""A command that is printed for people works as printed, in the shell that they have used."""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from project.cli import shell
from project.cli.flags import parse
from project.cli.messages import going_on
from project.main import main
from project.plan import make_plan
from tests.test_resume import at_step

FLAGS = (
    "--model mlp --hidden-dim 16 --max-epochs 2 --tracker none --exp-name trial"
    " --without reports predictions"
).split()


def test_words_are_quoted_and_python_is_the_shells(tmp_path: Path) -> None:
    printed = shell.command("runs", "path", "last", "--exp-dir", f"{tmp_path}/it's here; $HOME")
    said = subprocess.run(printed, shell=True, capture_output=True, text=True)
    assert said.returncode == 2
    assert f'"{tmp_path}/it\'s here; $HOME" has no runs' in said.stderr


@pytest.mark.parametrize(
    "typed, on_path, expected",
    [
        ("python3", ("python3", "python"), "python3"),
        ("python3", ("python",), "python"),
        (sys.executable, ("python",), "python"),
        (sys.executable, (), sys.executable),
    ],
)
def test_python_is_called_as_it_was_or_as_the_shell_finds_it(
    monkeypatch: pytest.MonkeyPatch, typed: str, on_path: tuple[str, ...], expected: str
) -> None:
    folder = Path(sys.executable).parent
    found = {name: str(folder / name) for name in on_path} | {sys.executable: sys.executable}
    monkeypatch.setattr(shutil, "which", found.get)
    monkeypatch.setattr(sys, "orig_argv", [typed])
    shell.python.cache_clear()
    assert shell.python() == expected
    shell.python.cache_clear()


def test_another_environments_python_is_not_called(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "python").symlink_to(sys.executable)
    monkeypatch.setattr(shutil, "which", {"python": str(tmp_path / "python")}.get)
    shell.python.cache_clear()
    assert shell.python() == sys.executable
    shell.python.cache_clear()


def test_another_python_of_the_same_folder_is_not_called(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As `python` of version 2 beside `python3`."""
    this, other = tmp_path / "python3", tmp_path / "python"
    this.symlink_to(sys.executable)
    other.touch()
    monkeypatch.setattr(sys, "executable", str(this))
    monkeypatch.setattr(sys, "orig_argv", [str(this)])
    monkeypatch.setattr(shutil, "which", {"python": str(other), str(this): str(this)}.get)
    shell.python.cache_clear()
    assert shell.python() == str(this)
    shell.python.cache_clear()


def test_the_folder_of_runs_is_said_only_where_it_must_be(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PROJECT_EXP_DIR", raising=False)
    assert shell.exp_dir_flag(Path("experiments")) == ()
    assert shell.exp_dir_flag(tmp_path / "experiments") == ()
    assert shell.exp_dir_flag(Path("more")) == ("--exp-dir", "more")
    monkeypatch.setenv("PROJECT_EXP_DIR", "more")
    assert shell.exp_dir_flag(Path("more")) == ()
    assert shell.exp_dir_flag(Path("experiments")) == ("--exp-dir", "experiments")


def test_values_become_flags_that_are_read_back() -> None:
    values = {"tags": ("a b", "c"), "profile": True, "early_stopping": None, "seed": 3}
    values |= {"augment": ["flip", "crop"], "deterministic": False}
    hparams = parse(list(shell.as_flags(values))).hparams
    assert {name: getattr(hparams, name) for name in values} == values | {
        "augment": ("flip", "crop")
    }


def test_the_command_to_go_on_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exp_dir = tmp_path / "my runs"
    with at_step("_optimize", 5, lambda: os.kill(os.getpid(), signal.SIGTERM)):
        assert main([*FLAGS, "--exp-dir", str(exp_dir)]) == 143
    *_, said, line = capsys.readouterr().out.splitlines()
    assert said == "go on:"
    words = shlex.split(line)
    assert words[:3] == [shell.python(), "-m", "project.run"]
    (run,) = (exp_dir / "trial").iterdir()
    assert words[3:] == ["--resume", run.name, "--exp-dir", str(exp_dir)]
    # What this stage was given, and the record does not say, is needed once more.
    argv = [*words[3:], "--num-workers", "1", "--tracker", "none", "--seed", "0"]
    plan = make_plan(parse(argv))
    assert going_on(run, plan.of_this_stage, 1).split()[-2:] == ["--num-workers", "1"]
    assert main(words[3:]) == 0
    assert json.loads((run / "outcome.json").read_text())["status"] == "finished"


def test_without_a_checkpoint_there_is_nothing_to_go_on_from(tmp_path: Path) -> None:
    plan = make_plan(parse(["--exp-dir", str(tmp_path)]))
    assert (
        going_on(tmp_path, plan.of_this_stage, 1)
        == "it ended before its first checkpoint: start anew"
    )
