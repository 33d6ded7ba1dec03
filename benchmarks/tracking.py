"""Seconds of a whole run that is also sent to the embedded store, beside one that is not."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks._turns import compare

ROOT = Path(__file__).parents[1]


def seconds(*flags: str) -> float:
    """Duration of training, tests and records as the run itself states it, every step logged."""
    with tempfile.TemporaryDirectory() as folder:
        argv = ["-m", "project.run", "--exp-name", "bench", "--exp-dir", folder, *flags]
        subprocess.run([sys.executable, *argv], cwd=ROOT, check=True, capture_output=True)
        (outcome,) = Path(folder).glob("bench/*/outcome.json")
        return json.loads(outcome.read_text())["duration"]


def main() -> None:
    """The default run with no tracker and with MLflow."""
    compare(
        {
            "--tracker none": lambda: seconds("--tracker", "none"),
            "--tracker mlflow": lambda: seconds("--tracker", "mlflow"),
        },
        n=3,
    )


if __name__ == "__main__":
    main()
