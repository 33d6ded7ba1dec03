"""What the C libraries are told: shown by a process's environment and by its page faults."""

import os
import subprocess
import sys
from ctypes import CDLL

import pytest

from project.training.runtime import wait_briefly

# Fills 20 arrays of 64 MiB, one after the other, each freed before the next.
FILL = """
import resource, sys
import numpy as np
from project.training.runtime import keep_memory
if sys.argv[1] == "keep":
    keep_memory()
faults = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_minflt
np.ones(2**23)
before = faults()
for _ in range(20):
    np.ones(2**23)
print(faults() - before)
"""


def page_faults(how: str, **environment: str) -> int:
    # Large pages would take one fault for 2 MiB.
    known = {k: v for k, v in os.environ.items() if not k.startswith(("MALLOC_", "GLIBC_"))}
    result = subprocess.run(
        [sys.executable, "-c", FILL, how],
        env=known | {"NUMPY_MADVISE_HUGEPAGE": "0"} | environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return int(result.stdout)


@pytest.mark.skipif(not hasattr(CDLL(None), "mallopt"), reason="another C library")
def test_an_array_is_filled_in_the_memory_of_a_former_one() -> None:
    # Each array that arrives empty takes at least a fault per 2 MiB: 20 of 64 MiB take 640.
    assert page_faults("leave") >= 640
    assert page_faults("keep") < 64


def test_an_allocator_that_a_person_has_set_stays_as_it_is() -> None:
    assert page_faults("keep", MALLOC_TRIM_THRESHOLD_="131072") >= 640


@pytest.mark.parametrize(
    ("given", "expected"),
    [({}, "10000"), ({"GOMP_SPINCOUNT": "7"}, "7"), ({"OMP_WAIT_POLICY": "active"}, None)],
)
def test_threads_wait_briefly_unless_the_environment_says_how(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], expected: str | None
) -> None:
    for name in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY"):
        monkeypatch.setenv(name, "")  # so that what is set there is taken back
        monkeypatch.delenv(name)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    wait_briefly()
    assert os.environ.get("GOMP_SPINCOUNT") == expected
