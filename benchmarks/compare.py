"""Seconds until `project.compare` has listed 1,000 runs, beside reading their JSON alone."""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks._turns import compare
from project.files.root import ROOT

N_RUNS = 1000
# What any answer from the same files costs: start Python, find, read and parse them.
READ = """
import json, pathlib, sys
for path in pathlib.Path(sys.argv[1]).glob("*/*/*.json"):
    json.loads(path.read_text(encoding="utf-8"))
"""


def seconds(*argv: str) -> float:
    """How long a Python process with these arguments takes."""
    began = time.perf_counter()
    subprocess.run([sys.executable, *argv], cwd=ROOT, check=True, capture_output=True)
    return time.perf_counter() - began


def make_runs(exp_dir: Path) -> None:
    """A real run, and copies of its records under ids, seeds and scores of their own."""
    flags = ["--exp-name", "bench", "--max-epochs", "1", "--tracker", "none"]
    command = [sys.executable, "-m", "project.run", *flags, "--exp-dir", str(exp_dir)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (run,) = exp_dir.glob("bench/*/")
    record, outcome = (json.loads((run / f"{n}.json").read_text()) for n in ("record", "outcome"))
    for number in range(N_RUNS - 1):
        record["run_id"] = outcome["run_id"] = f"20260101-{number:06d}-0000"
        record["flags"]["seed"] = number
        outcome["best"]["metrics"]["val_accuracy"] = number / N_RUNS
        folder = run.parent / record["run_id"]
        folder.mkdir()
        for name, value in (("record", record), ("outcome", outcome)):
            (folder / f"{name}.json").write_text(json.dumps(value, indent=2))
        (folder / ".lock").touch()


def main() -> None:
    """The table, a filtered and sorted one, and all rows."""
    with tempfile.TemporaryDirectory() as folder:
        make_runs(Path(folder))
        ours = ("-m", "project.compare", "--exp-dir", folder)
        fitting = ("--where", "val_accuracy > 0.5 and model == cnn", "--sort", "val_accuracy")
        compare(
            {
                "read the JSON": lambda: seconds("-c", READ, folder),
                "project.compare": lambda: seconds(*ours),
                "... --where --sort": lambda: seconds(*ours, *fitting),
                "... --all": lambda: seconds(*ours, "--all"),
            },
            n=7,
        )


if __name__ == "__main__":
    main()
