"""CPU seconds of `project.sweep --report` over 10,000 trials, beside reading them alone."""

import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path
from uuid import uuid4

from benchmarks._turns import compare
from project.files.root import ROOT
from project.run_directory import SWEEPS

N_TRIALS = 10_000
SWEEP = ("-m", "project.sweep", "--exp-name", "bench")
SEARCH = ("--trials", "4", "--search", "learning_rate", "batch_size", "optimizer")
RUN = ("--", "--model", "mlp", "--max-epochs", "2", "--tracker", "none")
# What any answer from the same storage costs.
READ = """
import json, sqlite3, sys
for flags, result in sqlite3.connect(sys.argv[1]).execute("SELECT flags, result FROM sweep_jobs"):
    json.loads(flags), json.loads(result)
"""


def seconds(*argv: str) -> float:
    """CPU seconds of a Python process with these arguments, of the system for it too."""
    process = subprocess.Popen([sys.executable, *argv], cwd=ROOT, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    assert status == 0, argv
    return used.ru_utime + used.ru_stime


def make_trials(exp_dir: Path) -> None:
    """A real sweep of a few trials, and copies of these with rates and scores of their own."""
    command = [sys.executable, *SWEEP, "--exp-dir", str(exp_dir), *SEARCH, *RUN]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    drawn = random.Random(0)
    with sqlite3.connect(exp_dir / SWEEPS) as connection:
        connection.row_factory = sqlite3.Row
        rows = [dict(row) for row in connection.execute("SELECT * FROM sweep_jobs")]
        for number in range(len(rows), N_TRIALS):
            row = dict(rows[number % len(rows)])
            flags, result = json.loads(row["flags"]), json.loads(row["result"])
            flags["learning_rate"] = rate = 10 ** drawn.uniform(-4, -1)
            result["scores"] = [rate + drawn.random()]
            row |= {"number": number, "token": uuid4().hex}
            row |= {"flags": json.dumps(flags), "result": json.dumps(result)}
            places = ", ".join("?" * len(row))
            connection.execute(f"INSERT INTO sweep_jobs VALUES ({places})", [*row.values()])
        connection.execute(
            "UPDATE sweeps SET goal = ?", [json.dumps({"trials": N_TRIALS, "confirm": 0})]
        )
    connection.close()


def main() -> None:
    """The words on the terminal and the page, with importances beside chance."""
    with tempfile.TemporaryDirectory() as folder:
        make_trials(Path(folder))
        compare(
            {
                "read the trials": lambda: seconds("-c", READ, f"{folder}/{SWEEPS}"),
                "project.sweep --report": lambda: seconds(*SWEEP, "--exp-dir", folder, "--report"),
            },
            n=5,
        )


if __name__ == "__main__":
    main()
