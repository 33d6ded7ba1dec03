"""The peak of a process's memory."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
# 300 MiB that are given back again.
PROGRAM = """
import json
from project.provenance.memory import peak_memory
before = peak_memory()
del [bytearray(b"1") * (300 * 2**20)][0]
print(json.dumps([before, peak_memory()]))
"""


def test_the_peak_counts_what_was_given_back() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True
    )
    before, after = json.loads(ran.stdout)
    assert before["device"] is after["device"] is None
    # An interpreter alone needs some 10 MiB, whatever the process that started it has needed.
    assert 2**20 < before["resident"] < 100 * 2**20
    assert 290 * 2**20 < after["resident"] - before["resident"] < 320 * 2**20
