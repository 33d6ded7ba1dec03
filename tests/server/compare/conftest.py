"""An empty store for each test of the page."""

from pathlib import Path

import pytest

from tests.server.compare.stores import Store, make_store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store of this test's own."""
    return make_store(tmp_path)
