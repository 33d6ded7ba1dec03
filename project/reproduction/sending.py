"""Sending runs to trackers, quietly: a process for each tracker, waited for only so long."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from project.cli.shell import command, exp_dir_flag, followed_by
from project.cli.stage import stage
from project.files.root import findable

# A tracker that is down may be tried for minutes, and nobody would see the verdict.
WAIT_SECONDS = 30.0


def send(runs: Mapping[str, Sequence[Path]], exp_dir: Path) -> list[str]:
    """Send runs that have ended to trackers, side by side.

    Args:
        runs: directories, by the tracker's name.
        exp_dir: folder of all runs.
    Returns:
        A line for each tracker; what is not sent has the command that sends it.
    """
    stage(f"sending to {', '.join(runs)}; Ctrl-C leaves that to the background" if runs else "")
    started = {tracker: start(tracker, paths, exp_dir) for tracker, paths in runs.items()}
    deadline = time.monotonic() + WAIT_SECONDS
    lines = []
    for tracker, process in started.items():
        try:
            said, _ = process.communicate(timeout=max(0.0, deadline - time.monotonic()))
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            # Of the others, only those that have ended are heard.
            deadline = 0.0
            words = [*(run.name for run in runs[tracker]), *exp_dir_flag(exp_dir)]
            later = command("sync", *words, "--tracker", tracker)
            lines.append(followed_by(f"{tracker}: still sending; if it does not come there", later))
            continue
        lines.append(f"{tracker}: all sent" if process.returncode == 0 else said.strip())
    return lines


def start(tracker: str, runs: Sequence[Path], exp_dir: Path) -> subprocess.Popen[str]:
    """The process that sends runs to a tracker, which a signal to this one does not reach."""
    words = ["--exp-dir", str(exp_dir.resolve()), "--tracker", tracker, *map(str, runs)]
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "project.sync", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=findable(),
        process_group=0,
        text=True,
    )
