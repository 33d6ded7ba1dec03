"""CPU seconds of `project.metadata` over 10,000 runs, first and later, beside `compare`."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from blake3 import blake3

from benchmarks._turns import compare
from benchmarks.compare import READ
from project.files import json_text
from project.files.root import ROOT
from project.provenance.seal import write_sealed
from project.run_directory import JOURNAL, LOCK, METADATA, OUTCOME, RECORD

N_RUNS, PER_EXPERIMENT, SEEDS = 10_000, 500, 5


def seconds(*argv: str) -> float:
    """CPU seconds of a Python process with these arguments, of the system for it too."""
    process = subprocess.Popen([sys.executable, *argv], cwd=ROOT, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    assert status == 0, argv
    return used.ru_utime + used.ru_stime


def make_runs(exp_dir: Path) -> None:
    """A real run, and sealed copies of its files under other ids, rates, seeds and scores."""
    flags = ["--exp-name", "bench", "--model", "mlp", "--max-epochs", "3", "--tracker", "none"]
    command = [sys.executable, "-m", "project.run", *flags, "--exp-dir", str(exp_dir)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (run,) = exp_dir.glob("bench/*/")
    record, outcome = (json.loads((run / name).read_text()) for name in (RECORD, OUTCOME))
    del outcome["seal"]
    for number in range(N_RUNS - 1):
        record["exp_name"] = f"bench{number // PER_EXPERIMENT}"
        record["run_id"] = outcome["run_id"] = f"20260101-{number:06d}-0000"
        record["flags"] |= {"seed": number % SEEDS, "learning_rate": 1e-4 * (1 + number // SEEDS)}
        outcome["best"]["metrics"]["val_accuracy"] = number / N_RUNS
        folder = exp_dir / record["exp_name"] / record["run_id"]
        folder.mkdir(parents=True)
        text = json_text(record)
        (folder / RECORD).write_text(text)
        outcome["record"] = f"blake3:{blake3(text.encode()).hexdigest()}"
        outcome["files"][RECORD] = outcome["record"]
        write_sealed(folder / OUTCOME, outcome)
        (folder / JOURNAL).write_bytes((run / JOURNAL).read_bytes())
        (folder / LOCK).touch()


def main() -> None:
    """The first reading, and what is asked of the index once it is there."""
    with tempfile.TemporaryDirectory() as folder:
        make_runs(Path(folder))
        where = ("--where", "val_accuracy > 0.9 and learning_rate < 0.2")
        ours = ("-m", "project.metadata", "--exp-dir", folder)

        def first() -> float:
            (Path(folder) / METADATA).unlink(missing_ok=True)
            return seconds(*ours)

        compare(
            {
                "read the JSON": lambda: seconds("-c", READ, folder),
                "project.metadata, the first time": first,
                "... again": lambda: seconds(*ours),
                "... experiment --where": lambda: seconds(*ours, "experiment", *where),
                "... --nearest": lambda: seconds(*ours, "--nearest", "last"),
                "... --parquet": lambda: seconds(*ours, "--parquet", f"{folder}/tables"),
                "project.compare --where": lambda: seconds(
                    "-m", "project.compare", "--exp-dir", folder, *where
                ),
            },
            n=3,
        )


if __name__ == "__main__":
    main()
