"""Seconds from the start of the process to the first optimizer step, beside raw PyTorch."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks._command import run
from benchmarks._processes import ROOT, seconds_to_step
from benchmarks._result import Goal, Result
from benchmarks._turns import take_turns

PEERS = {"raw PyTorch": "raw_first_step", "template": "template_start"}
GOALS = (Goal("project", "raw PyTorch", below=1.7), Goal("template", "project"))


def measure(quick: bool) -> Iterator[Result]:
    """The default data and model; the record stands on the disk before the step."""
    cases = {
        name: lambda module=module: seconds_to_step("-m", f"benchmarks.peers.{module}")
        for name, module in PEERS.items()
    }
    cases["project"] = project
    if quick:
        del cases["template"]
    values = take_turns(cases, n=1 if quick else 7, warm_up=not quick)
    goals = [goal for goal in GOALS if goal.case in cases]
    yield Result("process start to first optimizer step, digits, CNN", "s", values, tuple(goals))


def project() -> float:
    """As the run's own journal says: it holds the time at which each step's loss was logged."""
    with TemporaryDirectory() as folder:
        flags = ["--max-steps", "1", "--exp-dir", folder, "--accelerator", "cpu"]
        began = time.time()
        subprocess.run(
            [sys.executable, "-m", "project.run", *flags],
            cwd=ROOT,
            check=True,
            capture_output=True,
        )
        (record,) = Path(folder).glob("*/*/record.json")
        first = json.loads(record.with_name("journal.jsonl").read_text().splitlines()[0])
        assert first["step"] == 1 and record.stat().st_mtime <= first["time"]
        return first["time"] - began


if __name__ == "__main__":
    run(measure)
