"""Wrong files of nets, by the thousand and hostile: lines for people, no traceback, no code run."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests import forks
from tests.nets.hostile import heavy, hostile


def fuzzed(seed: int, count: int, folder: Path) -> dict[str, Any]:
    told = forks.told(["-m", "tests.nets.fuzz", str(seed), str(count), folder], os.environ)
    return json.loads(told.splitlines()[-1])


def test_wrong_nets_are_told_in_lines_of_their_file(tmp_path: Path) -> None:
    found = fuzzed(0, 60, tmp_path)
    assert found["wrong"] == []
    # Nearly all hostile files and most others are refused; some changes leave a right net.
    n_hostile = len(list(hostile()))
    assert sum(found["counts"].values()) == 60 + n_hostile
    assert found["counts"]["told"] > 45 + 0.8 * n_hostile and found["counts"]["net"] > 3


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(1, 5))
def test_thousands_of_wrong_nets(seed: int, tmp_path: Path) -> None:
    found = fuzzed(seed, 500, tmp_path)
    assert found["wrong"] == []
    assert sum(found["counts"].values()) == 500 + len([*hostile(), *heavy()])
