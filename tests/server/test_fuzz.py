"""A few hundred of the wrong requests of which tests/compat/fuzz.py sends thousands."""

import os

import pytest

from tests import forks
from tests.server.conftest import free_port


@pytest.mark.nightly
def test_wrong_requests_are_answered_and_write_nothing():
    command = ["-m", "tests.compat.fuzz", "--requests", "400", "--port", str(free_port())]
    assert "400 requests, 0 faults" in forks.told(command, os.environ)
