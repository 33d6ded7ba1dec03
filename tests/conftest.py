"""What all tests share: one thread per worker, no private setting of a person, and Ctrl-C."""

import gc
import os
import shlex
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import execnet
import pytest
from hypothesis import settings

# Workers run side by side; more threads than cores would slow each other down. Set before torch is
# imported, and inherited by the commands that tests start.
os.environ["OMP_NUM_THREADS"] = "1"

# Workers, and the commands that tests start, share what one of them has compiled: assertions above
# all, which take pytest ten seconds.
sys.dont_write_bytecode = False

# What a run must find again after a power cut is written through to the disk, which takes some of
# them milliseconds each time; a file in memory is at once where it will ever be.
IN_MEMORY = Path("/dev/shm")
if "TMPDIR" not in os.environ and IN_MEMORY.is_dir() and os.access(IN_MEMORY, os.W_OK):
    if shutil.disk_usage(IN_MEMORY).free > 4 * 2**30:
        os.environ["TMPDIR"] = tempfile.tempdir = str(IN_MEMORY)

for name in (
    "PYTHONDONTWRITEBYTECODE",
    "NEPTUNE_API_TOKEN",
    "NEPTUNE_PROJECT",
    "NEPTUNE_PROJECT_NAME",
    "PROJECT_NOTIFY",
    *("TG_TOKEN", "TG_CHAT_ID", "SMTP_HOST", "SMTP_PORT", "SMTP_TO", "SMTP_FROM", "SMTP_USER"),
    "MLFLOW_TRACKING_URI",
    "PROJECT_DATA_DIR",
    "PROJECT_EXP_DIR",
):
    os.environ.pop(name, None)


# Fixtures that are servers: each takes seconds to start.
SERVERS = ("guarded", "running", "server")

# Each run of the tests draws other examples; it need not draw very many, and may be slow at it.
settings.register_profile("often", max_examples=40, deadline=None)
settings.load_profile("often")


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Nothing stays in memory of tests that have passed."""
    made = getattr(session.config, "_tmp_path_factory", None)
    if not hasattr(session.config, "workerinput") and made and exitstatus == pytest.ExitCode.OK:
        if IN_MEMORY in (folder := made.getbasetemp()).parents:
            shutil.rmtree(folder, ignore_errors=True)


def pytest_collection_finish() -> None:
    """All that was loaded stays; to look through it for garbage takes a second each time."""
    gc.freeze()


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
    for item in items:
        if item.get_closest_marker("xdist_group") is None and (group := _group(item)):
            item.add_marker(pytest.mark.xdist_group(group))


def _group(item: pytest.Item) -> str | None:
    """The tests that one worker had better do: those of one server, or of one file."""
    server = next((name for name in SERVERS if name in item.fixturenames), None)
    return server or (item.nodeid.partition("::")[0] if _shares(item) else None)


def _shares(item: pytest.Item) -> bool:
    """Whether a test takes what is made once for its file, which one worker had better make."""
    fixtures = item._fixtureinfo.name2fixturedefs.values()  # pytest tells scopes nowhere else
    return any(fixture.scope in ("module", "package") for (*_, fixture) in fixtures)


def pytest_xdist_auto_num_workers() -> int:
    """One worker more than there are cores: much of what tests do is to wait for processes."""
    usable = (
        os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    )
    return len(usable) + 1


def pytest_xdist_setupnodes(config: pytest.Config, specs: Sequence[execnet.XSpec]) -> None:
    """Workers are forks of one process, which imports for all of them."""
    session = config.pluginmanager.getplugin("dsession").nodemanager.testrunuid
    started = [sys.executable, "-S", str(Path(__file__).with_name("worker.py")), session]
    for spec in specs:
        if spec.popen and not spec.python:
            spec.python = shlex.join(started)


@pytest.fixture(autouse=True)
def ctrl_c() -> None:
    """Let Ctrl-C end the tests also after a run in this process, which keeps it once it is over."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
