"""An empty store for each test of the page."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.compare.stores import Store, make_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store of this test's own."""
    made = make_store(tmp_path)
    with made.database:
        yield made
