"""The command in a process of its own: what it loads, on a terminal, and in a pipe."""

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.comparison.store import make

ROOT = Path(__file__).parents[2]


@pytest.fixture
def exp_dir(tmp_path: Path) -> Path:
    """Two groups of two seeds, of code that nobody has any more."""
    for rate in (0.001, 0.01):
        for seed in (0, 1):
            val = {"val_accuracy": seed / 3, "val_recall/\u4e2d\x1b[31m": 0.5 + seed}
            make(tmp_path / "exp", val, learning_rate=rate, seed=seed, description="word " * 30)
    return tmp_path / "exp"


def test_help_and_mistakes_load_nothing_heavy(tmp_path: Path) -> None:
    for argv in (["--help"], ["--limit", "x"], ["--exp-dir", str(tmp_path)]):
        script = f"import sys; from project.compare import main\ntry: main({argv!r})\n"
        script += "except SystemExit: pass\nprint(sorted(sys.modules))"
        done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True)
        loaded = done.stdout.decode().splitlines()[-1]
        for name in ("torch", "numpy", "scipy", "rich", "mlflow"):
            assert f"'{name}'" not in loaded, argv


def run_on_terminal(columns: int, *argv: str) -> str:
    """What the command prints to a terminal of so many columns."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(columns), "TERM": "xterm-256color"}
    environment.pop("NO_COLOR", None)
    command = [sys.executable, "-m", "project.compare", *argv]
    with subprocess.Popen(command, cwd=ROOT, stdout=theirs, env=environment) as process:
        os.close(theirs)
        text = b""
        try:
            while part := os.read(ours, 65536):
                text += part
        except OSError:
            pass  # the terminal's other end was closed
    os.close(ours)
    assert process.returncode in (0, 2)
    return text.decode()


def test_it_fits_a_terminal_and_is_plain_when_piped(exp_dir: Path) -> None:
    for columns, *argv in ((60,), (60, "trial"), (100, "last")):
        text = run_on_terminal(columns, *argv, "--exp-dir", str(exp_dir))
        assert "\x1b[1m" in text
        lines = re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines()
        assert max(map(len, lines)) <= columns
    command = [sys.executable, "-m", "project.compare", "--exp-dir", str(exp_dir)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "\x1b" not in done.stdout and max(map(len, done.stdout.splitlines())) > 100


def test_a_reader_that_goes_away_is_no_error(exp_dir: Path) -> None:
    command = f"{sys.executable} -m project.compare trial --all --exp-dir {exp_dir} | head -1"
    done = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "runs\n" and "Traceback" not in done.stderr
