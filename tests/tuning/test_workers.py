"""How many workers are tried, and which number is taken."""

import pytest

from project.tuning.workers import counts, find


@pytest.mark.parametrize(
    "cores, tried", [(1, [0, 1]), (2, [0, 1, 2]), (6, [0, 1, 2, 4, 6]), (8, [0, 1, 2, 4, 8])]
)
def test_numbers_double_up_to_the_cores(cores: int, tried: list[int]) -> None:
    assert list(counts(cores)) == tried


def test_the_fewest_that_are_as_good_are_taken() -> None:
    speeds = {0: 50.0, 1: 60.0, 2: 118.0, 4: 120.0}
    found = find(speeds.__getitem__, 4, "")
    assert found.value == "2" and list(found.rows) == list(speeds.items())
