"""What is seen while a command loads: a line that changes, and is gone when anything is said."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from project.cli import stage as _stage
from project.cli.epochs import EpochTable
from project.cli.flags import parse
from project.cli.planned import planned
from project.cli.stage import count, stage
from project.words.paths import brief

SHOW = """
import sys
from project.cli.command import outlive_readers
from project.cli.stage import count, stage
outlive_readers()
stage("loading torch")
stage("reading images")
count(1200, 60000)
print("note: a line", file=sys.stderr)
count(60000, 60000)
stage("")
count(1, 2)
"""


def on_a_terminal(code: str) -> str:
    """All that a terminal gets of such a process."""
    ours, theirs = pty.openpty()
    env = os.environ | {"TERM": "xterm"}
    process = subprocess.Popen([sys.executable, "-c", code], stdout=theirs, stderr=theirs, env=env)
    os.close(theirs)
    said = b""
    while piece := _read(ours):
        said += piece
    assert process.wait() == 0
    os.close(ours)
    return said.decode()


def _read(handle: int) -> bytes:
    try:
        return os.read(handle, 2**16)
    except OSError:  # how Linux tells that nobody has the other end any more
        return b""


def test_on_a_terminal_a_line_changes_and_goes() -> None:
    said = on_a_terminal(SHOW)
    drawn = said.split("\r\x1b[K")
    # The first count is due later; what is printed takes the line away.
    assert drawn == ["", "loading torch ...", "reading images ...", "note: a line\r\n"]
    due = SHOW.replace("outlive_readers()\n", "import project.cli.stage as s; s.DRAW_EVERY = 0\n")
    drawn = on_a_terminal(due).split("\r\x1b[K")
    assert drawn[3].startswith("reading images: 1,200 of 60,000")


def test_elsewhere_nothing_is_said_but_a_long_count_now_and_then(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter(range(0, 1000, 8))  # seconds
    monkeypatch.setattr(_stage.time, "monotonic", lambda: next(clock))
    stage("loading torch")
    stage("reading images")
    for done in range(1, 11):
        count(done, 10)
    stage("")
    count(11, 11)
    # Begun at 8 s; each count is 8 s after the former.
    assert capsys.readouterr().err == "reading images: 4 of 10\nreading images: 8 of 10\n"


def test_what_will_be_done_is_one_line() -> None:
    def line(*argv: str) -> str:
        arguments = parse([*argv, "--exp-name", "trial"], {})
        return planned(arguments.hparams, arguments.given, None, None)

    assert line() == "cnn on digits, 30 epochs in batches of 128; into experiments/trial/"
    flags = "--model mlp --data image-folder --data-dir pets --max-epochs 1 --max-steps 5000"
    assert line(*flags.split()) == (
        "mlp on image-folder in pets, 1 epoch or 5,000 steps in batches of 128; into"
        " experiments/trial/"
    )
    assert " epochs or 1 step in batches" in line("--max-steps", "1")
    assert line("--early-stopping", "3").startswith("cnn on digits, up to 30 epochs in ")
    hparams = parse(["--resume", "last"], {}).hparams
    run = Path("experiments", "trial", "20261121-034512-7h3k")
    assert planned(hparams, {}, run, None) == (
        f"going on with {run}: cnn on digits, 30 epochs in batches of 128"
    )


def test_paths_are_told_from_where_one_stands_if_that_is_shorter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here" / "deep").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")
    assert brief(tmp_path / "here" / "runs") == "runs"
    assert brief(tmp_path / "there") == "../there"
    assert brief("/bin") == "/bin" and brief("deep/../runs") == "deep/../runs"
    monkeypatch.chdir("deep")
    (tmp_path / "here" / "deep").rmdir()
    assert brief(tmp_path) == str(tmp_path)


def test_an_epochs_line_is_never_wider_than_the_terminal() -> None:
    scores = {"train_loss": 1.5, "val_loss": 2e-5, "val_accuracy": float("nan")}
    scores |= {"val_precision/a very long name of a class": 0.25}
    *_, monitored = scores
    table = EpochTable(tuple(scores), monitored, 1000, 40)
    heading, line = table.heading(), table.line(7, scores, 4000.0, best=True)
    assert max(len(heading), len(line)) == 40
    assert heading.split()[0] == "epoch" and line.split() == ["7/1000", "0.2500", "1:06:40", "best"]
    wide = EpochTable(("val_recall/柏の木",), "val_recall/柏の木", 30, 80).heading()
    # Each of the three takes two columns; 5 + 2 + 17 + 2 + 7.
    assert len(wide) + 3 == 33
    whole = EpochTable(tuple(scores), "val_loss", 30, 80)
    assert whole.line(7, scores, 0.04).split() == ["7/30", "1.5000", "2.0e-05", "nan", "0.0", "s"]
