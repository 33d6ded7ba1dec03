"""A few hundred of the wrong requests of which tests/compat/fuzz.py sends thousands."""

import subprocess
import sys

from tests.server.conftest import ROOT, free_port


def test_wrong_requests_are_answered_and_write_nothing():
    command = [sys.executable, "-m", "tests.compat.fuzz", "--requests", "400"]
    found = subprocess.run(
        [*command, "--port", str(free_port())], cwd=ROOT, capture_output=True, text=True
    )
    assert found.returncode == 0, found.stdout[-10_000:] + found.stderr[-3000:]
    assert "400 requests, 0 faults" in found.stdout
