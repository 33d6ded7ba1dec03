"""Sweeps whose processes are killed at random moments are the sweeps that nobody disturbed."""

import random
import time
from pathlib import Path

import pytest

from tests.compat.postgres import binaries, server
from tests.search.killing import compared


@pytest.mark.nightly
def test_kills_lose_and_double_no_trial(tmp_path: Path) -> None:
    assert compared(tmp_path, 12, 20, 20, 3.0, random.randrange(1000)) == []


@pytest.mark.nightly
@pytest.mark.skipif(binaries() is None, reason="PostgreSQL is not installed")
def test_two_machines_and_a_server_that_restarts_lose_and_double_none(tmp_path: Path) -> None:
    """Two folders stand for machines: neither finds what the other has begun."""
    with server() as started:

        def restart() -> None:
            started.stop()
            time.sleep(1.0)
            started.start()

        place = started.uri, restart
        assert compared(tmp_path, 12, 20, 20, 3.0, random.randrange(1000), place) == []
